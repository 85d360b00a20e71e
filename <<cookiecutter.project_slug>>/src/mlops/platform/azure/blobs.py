"""Files in a container below a prefix that names their bytes: each is sent once, and known by its sha256."""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import digest, files
from mlops.errors import Failure
from mlops.platform import store
from mlops.platform.azure.sentences import said

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from mlops.platform.azure.client import Azure

STORE = "workspaceblobstore"
AT_ONCE = 8


class Blobs:
    """Raises Failure, in words, when Azure or the network refuses."""

    def __init__(self, container: "ContainerClient", environment: str) -> None:
        self._container, self._environment, self.url = container, environment, container.url

    @classmethod
    def of_workspace(cls, azure: "Azure", datastore: str = STORE) -> "Blobs":
        """The container that a workspace has for what its people bring, or another one of its own."""
        with said(azure.environment):
            at: Any = azure.ml.datastores.get(datastore)
        url = f"{at.protocol}://{at.account_name}.blob.{at.endpoint}/{at.container_name}"
        return cls(azure.container(url), azure.environment)

    @classmethod
    def given(cls, url: str, environment: str) -> "Blobs":
        """A container whose address says that whoever has it may read."""
        from azure.storage.blob import ContainerClient

        return cls(ContainerClient.from_container_url(url), environment)

    def seen(self, prefix: str) -> dict[str, str]:
        """What lies below a prefix: by the rest of its name the sha256 that its sender, and no later one, gave it."""
        with said(self._environment):
            found = self._container.list_blobs(name_starts_with=prefix, include=["metadata"])
            return {each.name.removeprefix(prefix): (each.metadata or {}).get("sha256", "") for each in found}

    def send(self, prefix: str, sources: Mapping[str, tuple[Path, str]]) -> None:
        """Bring files, each with its sha256, below a prefix: those that are not there, or not as they were sent."""
        there = self.seen(prefix)

        def put(name: str) -> None:
            from azure.core.exceptions import ResourceExistsError

            source, sha = sources[name]
            with source.open("rb") as stream, suppress(ResourceExistsError):  # a sender of the same bytes was faster
                sent = {"metadata": {"sha256": sha}, "overwrite": name in there}
                self._container.upload_blob(prefix + name, stream, **sent)
            if digest.of_file(source) != sha:
                self._container.delete_blob(prefix + name)
                raise Failure(f"{source} was written to while it was sent. Repeat when nothing writes to it.")

        with said(self._environment), ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(put, [name for name, (_, sha) in sources.items() if there.get(name) != sha]))

    def bring(self, prefix: str, files: Iterable[tuple[str, Path]]) -> str:
        """Send files below the digest of them all, and return it."""
        sources = {name: (path, digest.of_file(path)) for name, path in files}
        found = digest.of_pairs((name, sha) for name, (_, sha) in sources.items())
        self.send(f"{prefix}{found}/", sources)
        return found

    def fetch(self, prefix: str, to: Path) -> None:
        """Copy what lies below a prefix into a new folder."""

        def get(name: str) -> None:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            with (to / name).open("wb") as stream:
                self._container.download_blob(prefix + name).readinto(stream)

        to.mkdir(parents=True)
        with said(self._environment), ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(get, self.seen(prefix)))

    def copy(self, prefix: str, to: Path, reference: str, whole: str, remedy: str) -> Path:
        """What lies below a prefix and has a digest, kept in a folder. Raises Failure when it has it no longer."""
        listed = digest.of_files(to)
        if not are(listed, whole):
            with files.replacing(to) as draft:
                self.fetch(prefix, draft)
                if not are(listed := digest.of_files(draft), whole):
                    raise store.changed(reference, whole, remedy)
        return store.content(to, listed, whole)

    def read(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        with said(self._environment):
            try:
                return self._container.download_blob(name).readall()
            except ResourceNotFoundError as error:
                if "BlobNotFound" not in str(error):
                    raise
                return None

    def write(self, name: str, content: bytes, once: bool = False) -> None:
        """`once` leaves what is there as it is."""
        from azure.core.exceptions import ResourceExistsError

        with said(self._environment), suppress(ResourceExistsError):
            self._container.upload_blob(name, content, overwrite=not once)

    def read_json(self, name: str) -> Any:
        """None for what is not there, or is damaged."""
        try:
            return json.loads(self.read(name) or b"null")
        except ValueError:
            return None


def are(listed: Mapping[str, str], whole: str) -> bool:
    """Whether these are the files of a folder, or the one file, with a digest."""
    return whole in (digest.of_pairs(listed.items()), *([*listed.values()] if len(listed) == 1 else []))
