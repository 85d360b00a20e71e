"""What the emulated subscription holds, in memory: ARM documents by id, blobs by container."""

from collections import UserDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

BORN = "2026-01-01T00:00:00Z"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"
GROUP = "emulated"
ACCOUNT = "emulated.blob.core.windows.net"


@dataclass
class Container:
    """Blobs by name, their metadata, and the signature that a SAS for it carries (none: only by role)."""

    signature: str | None = None
    blobs: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)


class Documents(UserDict[str, Document]):
    """By ARM id, oldest first. Ids are compared without case, as Azure does."""

    def __getitem__(self, key: str) -> Document:
        return self.data[key.lower()]

    def __setitem__(self, key: str, item: Document) -> None:
        self.data[key.lower()] = item

    def __delitem__(self, key: str) -> None:
        del self.data[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self.data


@dataclass
class Store:
    documents: Documents = field(default_factory=Documents)
    containers: dict[str, Container] = field(default_factory=dict)

    def put(self, id: str, properties: Document) -> Document:
        """Create or replace what `id` names, with what Azure adds by itself."""
        stamp = {"createdAt": BORN, "createdBy": "emulator", "createdByType": "User", "lastModifiedAt": BORN}
        defaults = {"properties": {}, "tags": {}, "provisioningState": "Succeeded"}
        document = {"id": id, "name": id.rsplit("/", 1)[1], "systemData": stamp, "properties": defaults | properties}
        self.documents[id] = document
        return document

    def below(self, prefix: str) -> list[Document]:
        """Documents whose id starts with `prefix`, oldest first."""
        return [document for id, document in self.documents.items() if id.startswith(prefix.lower())]

    def add_workspace(self, name: str, *, computes: Iterable[str] = ()) -> str:
        """A new workspace as its infrastructure leaves it: default datastore by identity, no keys, and computes."""
        id = (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )
        self.put(id, {"workspaceId": name, "storageAccount": ACCOUNT})["location"] = "westeurope"
        account, _, endpoint = ACCOUNT.partition(".blob.")
        datastore = {"datastoreType": "AzureBlob", "accountName": account, "containerName": name, "endpoint": endpoint}
        by_identity = {"credentials": {"credentialsType": "None"}, "isDefault": True}
        self.put(f"{id}/datastores/workspaceblobstore", datastore | by_identity)
        self.containers[name] = Container()
        for compute in computes:
            self.put(f"{id}/computes/{compute}", {"computeType": "AmlCompute"})
        return id
