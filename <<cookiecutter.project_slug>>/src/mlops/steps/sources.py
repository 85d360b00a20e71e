"""The raw tables that a step is given, by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

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
