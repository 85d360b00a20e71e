"""Which earlier node made the same thing: outputs found again by what went into them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from mlops import digest, files
from mlops.platform.local.index import Index
from mlops.specs.types import Literal, Node

DECIDING = ("command", "variables", "distributed", "parallel", "sweep", "environment")
"""What decides the result of a node besides its code, inputs and outputs. Its name and time limit do not."""


@dataclass(frozen=True)
class Output:
    """What a node wrote: where it is, below the state folder, and its digest."""

    path: str
    digest: str


@dataclass(frozen=True)
class Made:
    """A node that ended well: its run, its child run, and what it wrote."""

    run: str
    node: str
    child: str
    outputs: Mapping[str, Output]


def key(node: Node, code: str, inputs: Mapping[str, str], environment: str) -> str:
    """Digest of all that decides what a node writes; `inputs` are the names and digests of its files and folders."""
    literals = {name: value.text for name, value in node.inputs.items() if isinstance(value, Literal)}
    outputs = {name: port.type for name, port in node.outputs.items()}
    own = {name: repr(getattr(node, name)) for name in DECIDING}
    return digest.of_value([own, code, literals, dict(inputs), outputs, environment])


def find(state: Path, index: Index, key: str) -> tuple[Made | None, str]:
    """What was made for a key, if its bytes are still the same; else None, and why when something was there."""
    file = _file(state, key)
    try:
        made = TypeAdapter(Made).validate_json(file.read_bytes())
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError):
        return None, f"its cache entry {file.name} is damaged and was not used."
    for output in made.outputs.values():
        where = state / output.path
        if not where.exists() or index.of_path(where) != output.digest:
            return None, f"the output kept from run {made.run[:8]} was changed or lost and was not used: {where}."
    return made, ""


def keep(state: Path, key: str, made: Made) -> None:
    """One small file per key, that names the run whose outputs to use again."""
    files.write_json(_file(state, key), made)


def _file(state: Path, key: str) -> Path:
    return state / "cache" / f"{key}.json"
