"""Data as assets of the workspace: a version is a digest, and the bytes lie below that digest in its own container."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform import store
from mlops.platform.azure.assets import Assets
from mlops.platform.azure.blobs import STORE, Blobs, are
from mlops.platform.azure.client import Azure
from mlops.platform.base import DataVersion

FOLDER = "mlops/data/"
REMEDY = "Put it right from the same data: mlops data add {} PATH --on {}"


class Versions(Assets):
    """With all that is told of one."""

    tags = frozenset({"digest", "bytes", "files", "added"})


class AzureData:
    """Bytes at `mlops/data/DIGEST/`, each blob with its own sha256 as metadata.

    What is read on this machine is kept below `.mlops/fetched/`.
    """

    def __init__(self, azure: Azure, project: Path) -> None:
        self._azure, self._cache = azure, project / ".mlops" / "fetched"

    @cached_property
    def _assets(self) -> Assets:
        return Versions(self._azure.ml.data, self._azure.environment, "data")

    @cached_property
    def _blobs(self) -> Blobs:
        return Blobs.of_workspace(self._azure)

    def add(self, name: str, path: Path, about: Mapping[str, Any] | None = None, message: str = "") -> DataVersion:
        from azure.ai.ml.entities import Data

        store.refuse_unless_name(name, "data")
        there = store.below(path)
        if not (size := sum(source.stat().st_size for _, source in there)):
            raise Misuse("is empty. Write or fetch it again.", path)
        found, uri = self.bring(path)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        given = {
            "path": uri,
            "type": "uri_folder" if path.is_dir() else "uri_file",
            "tags": {"digest": found, "bytes": str(size), "files": str(len(there)), "added": now},
            "properties": {"message": message, "about": json.dumps(dict(about or {}))},
        }
        put = self._azure.ml.data.create_or_update
        return _version(self._assets.add(name, found, lambda number: put(Data(name=name, version=number, **given))))

    def bring(self, path: Path) -> tuple[str, str]:
        """Let the bytes of a file or folder lie where versions do; their digest, and the place as Azure ML calls it."""
        if path.is_dir():
            return (found := self._blobs.bring(FOLDER, store.below(path))), place(found)
        found = digest.of_file(path)
        there = self._blobs.seen(_place(found)).items()
        name = next((each for each, sha in there if sha == found), path.name)  # the same bytes keep theirs
        self._blobs.send(_place(found), {name: (path, found)})
        return found, place(found) + name

    def list(self) -> tuple[DataVersion, ...]:
        return tuple(map(_version, self._assets.ours()))

    def get(self, reference: str) -> DataVersion:
        return _version(self._assets.get(reference))

    def named(self, digest: str) -> DataVersion | None:
        return next((each for each in self.list() if each.digest == digest), None)

    def content(self, reference: str) -> Path:
        version = self.get(reference)
        found, remedy = version.digest, self._remedy(version)
        return self._blobs.copy(_place(found), self._cache / found, version.reference, found, remedy)

    def resolve(self, name: str, version: str) -> Path | None:
        return self.content(f"{name}:{version}") if name in self._assets.names() else None

    def fetch(self, reference: str, to: Path) -> None:
        version, path = self.get(reference), self.content(reference)
        store.refuse_if_lost(to, lambda sha: bool((held := self.named(sha)) and not self.verify(held.reference)))
        store.copy(path, to, version.reference, version.digest, self._remedy(version))

    def unchanged(self, reference: str) -> DataVersion:
        """The version, if its blobs are those that were sent. Raises Failure when they are not."""
        version = self.get(reference)
        for fault in self._faults(version):
            raise Failure(fault)
        return version

    def verify(self, reference: str | None = None) -> tuple[str, ...]:
        """By what the sender of each blob said of it, which is lost when another one writes: nothing is downloaded."""
        versions = [self.get(reference)] if reference else self.list()
        return tuple(fault for version in versions for fault in self._faults(version))

    def profile(self, reference: str) -> Mapping[str, Any] | None:
        return self._blobs.read_json(_profile(self.get(reference)))

    def keep_profile(self, reference: str, profile: Mapping[str, Any]) -> None:
        self._blobs.write(_profile(self.get(reference)), files.as_json(profile).encode())

    def _faults(self, version: DataVersion) -> Iterator[str]:
        place = _place(version.digest)
        if not are(there := self._blobs.seen(place), version.digest):
            changed = ", ".join(name for name, sha in there.items() if not sha)
            what = f"{changed} was written by somebody else" if changed else "a file is missing, or one too many"
            yield f"{place} no longer holds {version.reference}: {what}. {self._remedy(version)}"

    def _remedy(self, version: DataVersion) -> str:
        return REMEDY.format(version.name, self._azure.environment)


def place(found: str) -> str:
    """The folder of the bytes that have a digest, as Azure ML calls it."""
    return f"azureml://datastores/{STORE}/paths/{_place(found)}"


def _place(found: str) -> str:
    return f"{FOLDER}{found}/"


def _profile(version: DataVersion) -> str:
    return f"{FOLDER}{version.digest}.profile.json"


def _version(asset: Any) -> DataVersion:
    tags, known = asset.tags, asset.properties
    facts = (tags["digest"], int(tags["bytes"]), int(tags["files"]), tags["added"])
    return DataVersion(asset.name, int(asset.version), *facts, known["message"], json.loads(known["about"]))
