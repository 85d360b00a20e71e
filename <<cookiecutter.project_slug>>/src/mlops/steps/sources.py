"""The raw tables that a step is given, by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from polars import LazyFrame

from mlops.contract.read import scan
from mlops.contract.table import conform
from mlops.contract.types import Contract
from mlops.errors import Misuse
from mlops.words import pairs


def paths(given: Sequence[str], contracts: Mapping[str, Contract]) -> dict[str, Path]:
    """Each `NAME=PATH`. Raises Misuse when the names are not those of SOURCES."""
    found = {name: Path(path) for name, path in pairs("--source", given).items()}
    if set(found) != set(contracts):
        names, known = ", ".join(sorted(found)), ", ".join(sorted(contracts))
        raise Misuse(
            f"the job gives the sources {names}; SOURCES in contract.py has {known}. "
            "Name the same ones in azureml/pipelines, in the components validate and prepare, and in contract.py."
        )
    return found


def tables(given: Sequence[str], contracts: Mapping[str, Contract]) -> dict[str, LazyFrame]:
    """The sources with the types of their contracts. Raises Misuse when one cannot be opened."""
    return {name: conform(scan(path), contracts[name]) for name, path in paths(given, contracts).items()}
