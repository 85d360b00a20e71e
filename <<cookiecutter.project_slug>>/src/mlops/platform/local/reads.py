"""What a run reads from this machine: digested, held against the version it is said to be, and kept."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, Misuse
from mlops.platform.base import Data, DataVersion
from mlops.platform.local.index import Index
from mlops.specs.assets import NAMED
from mlops.specs.types import Asset, Job

Entry = dict[str, Any]
"""What the record of a run says of an input."""


def of_job(job: Job) -> dict[str, Asset]:
    """What goes into a job by the name of its input; what only a node names is called `NODE.INPUT`."""
    found = {name: value for name, value in job.inputs.items() if isinstance(value, Asset)}
    paths = {value.path for value in found.values()}
    for node in job.nodes:
        own = {f"{node.name}.{name}": value for name, value in node.inputs.items() if isinstance(value, Asset)}
        found |= {name: value for name, value in own.items() if value.path not in paths}
    return found


def digested(name: str, asset: Asset, index: Index, known: Mapping[str, DataVersion]) -> Entry:
    """What the record of a run says of an input; `known` are the versions of the store by reference.

    Raises Misuse when it cannot be read or is no longer the version that its file says, Failure when the stored bytes
    of that version were changed.
    """
    try:
        found = index.of_path(asset.path)
    except OSError as error:
        raise Misuse(f"input '{name}' cannot be read: {files.reason(error)}. It is {asset.source}.") from error
    said = known.get(asset.version)
    if said and said.digest != found:
        if asset.source == f"azureml:{asset.version}":
            what = f"input '{name}': the stored bytes of {asset.version} were changed"
            raise Failure(f"{what}. For what to do type: mlops data verify {asset.version}")
        what = f"input '{name}': {asset.path} no longer has the bytes of {asset.version}, which its asset says it is"
        keep, back = f"mlops data add {said.name} {asset.path}", f"mlops data fetch {asset.version} {asset.path}"
        raise Misuse(f"{what}. Keep them with `{keep}` and correct `version:`, or then go back with `{back}`.")
    own = (each.reference for each in known.values() if (each.name, each.digest) == (_name(asset), found))
    return {"source": asset.source, "path": str(asset.path), "digest": found, "version": next(own, None)}


def keep(asset: Asset, entry: Entry, project: Path, data: Data, about: Mapping[str, Any], message: str) -> None:
    """Make named data of the project a version of the store, and say so in the record's entry.

    What cannot be one, such as a folder with links, has none. Raises Misuse for what has changed since it was digested.
    """
    name = _name(asset)
    if not name or entry["version"] or not asset.path.resolve().is_relative_to(project):
        return
    with suppress(Misuse):
        version = data.add(name, asset.path, about.get(name), message)
        entry["version"] = version.reference if version.digest == entry["digest"] else ""
    if entry["version"] == "":
        raise Misuse("changed while the run was opened. Wait until it is written, then repeat.", asset.path)


def _name(asset: Asset) -> str:
    """The name of a data asset; empty for a path."""
    named = NAMED.fullmatch(asset.source)
    return named["name"] if named else ""
