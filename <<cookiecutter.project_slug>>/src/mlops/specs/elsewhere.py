"""What Azure ML runs and this machine does not: refused by name before anything starts, with what to do."""

import re
from importlib.util import find_spec

from mlops.errors import Misuse
from mlops.specs.fields import TABLE
from mlops.specs.load import Item, meant


class Elsewhere(Misuse):
    """Azure ML can do it, and only this machine cannot: a mistake only where jobs are to run locally."""


HERE = ("command", "parallel", "pipeline", "sweep")
SUBMIT = "submit this file to Azure ML."
INSTEAD: dict[str, str] = TABLE["elsewhere"]
CURATED = re.compile(r"azureml:(?://registries/azureml/environments/|AzureML-)(?P<name>[^/:@]+)")


def refused(item: Item, name: str, kind: str) -> Misuse:
    """The error about a node or job of a kind that is not run here."""
    at = item.get("type") or item
    if kind not in INSTEAD:
        return at.wrong(f"`{name}` cannot be of type `{kind}`: {meant(kind, (*HERE, *INSTEAD))}")
    remedy = f"{INSTEAD[kind]}{SUBMIT}"
    what = f"`{name}` is of type `{kind}`, which is not run locally. {remedy[0].upper()}{remedy[1:]}"
    return at.wrong(what, kind=Elsewhere)


def check_environment(environment: Item) -> None:
    """Raises Misuse for a curated environment whose name is that of a framework that is not installed here."""
    curated = CURATED.match(str(environment.value))
    for word, module in TABLE["frameworks"].items():
        if curated and word in curated["name"].lower() and find_spec(module) is None:
            what = f"the environment `{curated['name']}` has `{module}`, which is not on this machine."
            remedy = f"Install it into this project's environment, or {SUBMIT}"
            raise environment.wrong(f"{what} {remedy}", kind=Elsewhere)
