"""What commands leave for the comment on a pull request: JSON, in the folder that MLOPS_FINDINGS names."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Misuse

VARIABLE = "MLOPS_FINDINGS"


def wanted() -> bool:
    return bool(os.environ.get(VARIABLE))


def leave(name: str, record: Mapping[str, Any]) -> None:
    """Write NAME.json, where a folder is named. Raises Failure when the disk refuses."""
    if wanted():
        files.write_json(Path(os.environ[VARIABLE], f"{name}.json"), record)


def read() -> dict[str, Any]:
    """What there is by name, in the folder and, before that, in what jobs left: its folders `findings-…`, and no other,
    since a checkout may lie beside them. What is no JSON object counts as not there."""
    found, folder = dict[str, Any](), Path(os.environ.get(VARIABLE, "."))
    for file in [*sorted(folder.glob("*.json")), *sorted(folder.glob("findings-*/*.json"))] if wanted() else ():
        with suppress(Misuse):
            found[file.stem] = files.read_json(file)
    return {name: record for name, record in found.items() if isinstance(record, dict)}
