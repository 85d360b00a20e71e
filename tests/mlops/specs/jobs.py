"""The jobs of the examples, bound."""

from pathlib import Path

from mlops.specs.bind import bind
from mlops.specs.types import Job, Literal, Node

EXAMPLES = Path(__file__).parent / "examples"
DATA = EXAMPLES / "data"


def example(name: str, **options) -> Job:
    return bind(EXAMPLES / "jobs" / f"{name}.yml", project=EXAMPLES, **options)


def node(job: Job, name: str) -> Node:
    return next(node for node in job.nodes if node.name == name)


def texts(values) -> dict[str, str]:
    return {name: value.text for name, value in values.items() if isinstance(value, Literal)}
