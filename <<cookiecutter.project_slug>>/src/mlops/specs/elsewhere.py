"""What Azure ML runs and this machine does not: refused by name before anything starts, with what to do."""

import re
from importlib.util import find_spec

from mlops.errors import Misuse
from mlops.specs.load import Item

HERE = ("command", "parallel", "pipeline", "sweep")
SUBMIT = "submit this file to Azure ML."
INSTEAD = {
    "automl": "Write the training as a command or a sweep",
    "finetuning": "Write the training as a command",
    "spark": "Run its script as a command with PySpark",
    **dict.fromkeys(("if_else", "do_while", "parallel_for"), "Let a command decide or repeat"),
}
CURATED = re.compile(r"azureml:(?://registries/azureml/environments/|AzureML-)(?P<name>[^/:@]+)")
FRAMEWORKS = {"acft": "torch", "pytorch": "torch", "sklearn": "sklearn", "tensorflow": "tensorflow"}


def refused(item: Item, name: str, kind: str) -> Misuse:
    """The error about a node or job of a kind that is not run here."""
    remedy = f"{INSTEAD[kind]}, or {SUBMIT}" if kind in INSTEAD else SUBMIT.replace("s", "S", 1)
    return (item.get("type") or item).wrong(f"`{name}` is of type `{kind}`, which is not run locally. {remedy}")


def check_environment(environment: Item, name: str) -> None:
    """Raises Misuse for a curated environment whose name is that of a framework that is not installed here."""
    curated = CURATED.match(str(environment.value))
    for word, module in FRAMEWORKS.items():
        if curated and word in curated["name"].lower() and find_spec(module) is None:
            what = f"`{name}` wants the environment `{curated['name']}`, but `{module}` is not on this machine."
            raise environment.wrong(f"{what} Install it into this project's environment, or {SUBMIT}")
