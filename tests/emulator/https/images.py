"""Registries of images: what they hold, who may read or lock it, and images that they build from a folder."""

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

from tests.emulator import access
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

KIND, SOURCES = "microsoft.containerregistry/registries", "acr-tasks"
CLOSED = "client with IP '192.0.2.1' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
ACTIONS = {"metadata_read": "pull/read", "metadata_write": "push/write", "delete": "artifacts/delete"}
"""Which permission of Resource Manager gives which right in a registry. Assumed: that who pushes may lock."""


class Images:
    """Digests by registry, name and tag, the packed folder that each was built from, those that are locked, and the
    logs of builds that are to fail next."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud, self._builds = cloud, 0
        self.tags: dict[tuple[str, str, str], str] = {}
        self.contexts: dict[str, bytes] = {}
        self.locked: set[str] = set()
        self.failing: list[str] = []

    def registry(self, name: str) -> Id:
        ids = (Id(each["id"]) for each in self._cloud.arm.store.documents.values())
        found = [id for id in ids if id.kind == KIND and id.name.lower() == name.lower()]
        if not found:
            raise Refusal(404, "NAME_UNKNOWN", f"There is no registry '{name}'.")
        return found[0]

    def closed(self, registry: Id) -> bool:
        document = self._cloud.arm.find(registry.text) or {}
        return dig(document, "properties.publicNetworkAccess") == "Disabled" and not self._cloud.inside

    def may(self, caller: str, registry: Id, right: str) -> bool:
        return access.allows(self._cloud.arm, caller, f"{registry.type}/{ACTIONS[right]}", registry)

    def signed(self, name: str) -> str:
        """Where a source or a log lies, for whoever has the address.

        Assumed: in an account of the subscription, where Azure has one of its own.
        """
        address, signature = self._cloud.blobs.signed(self._account, SOURCES).split("?")
        return f"{address}/{name}?{signature}"

    def build(self, registry: Id, asked: Document) -> Document:
        """A run that has ended: the image has a digest that no other build gives.

        Source: "Registries - Schedule Run" (REST reference of Container Registry, 2019-06-01-preview).
        """
        self._builds += 1
        archive = self._cloud.blobs.read(self._account, SOURCES, asked["sourceLocation"])
        failure = self.failing.pop(0) if self.failing else ""
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            if asked["dockerFilePath"] not in files.getnames():
                failure = f"unable to evaluate symlinks in path: lstat {asked['dockerFilePath']}: no such file\n"
        if self.closed(registry):
            failure = f"denied: {CLOSED}\n"
        run = f"cb{self._builds}"
        if not failure:
            digest = hashlib.sha256(run.encode() + archive).hexdigest()
            self.contexts[f"sha256:{digest}"] = archive
            for image in asked["imageNames"]:
                name, _, tag = image.partition(":")
                self.tags[registry.name.lower(), name, tag] = f"sha256:{digest}"
        self._cloud.blobs.write(self._account, SOURCES, f"logs/{run}.log", (failure or "built\n").encode())
        id, status = f"{registry}/runs/{run}", "Failed" if failure else "Succeeded"
        document = {"id": id, "name": run, "properties": {"runId": run, "status": status}}
        self._cloud.arm.store.documents[id] = document
        return {**document, "properties": {"runId": run, "status": "Queued"}}

    @property
    def _account(self) -> str:
        ids = (Id(each["id"]) for each in self._cloud.arm.store.documents.values())
        return next(id.name for id in ids if id.kind == "microsoft.storage/storageaccounts")
