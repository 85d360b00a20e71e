"""What is sent to the emulated blob storage, what it has, and what may happen to it."""

from dataclasses import dataclass

import pytest

from mlops.platform.azure import client
from tests.emulator.arm import OWNER
from tests.emulator.https.blobs import SUFFIX
from tests.emulator.https.cloud import Cloud
from tests.emulator.ids import Id
from tests.emulator.rules.assets import default_datastore
from tests.emulator.world import WORKSPACE

BLOB = f"{{account}}{SUFFIX}/{{rest}}"
ASSETS = tuple(f"microsoft.machinelearningservices/workspaces/{kind}" for kind in ("data", "models", "environments"))


@dataclass(frozen=True)
class Bytes:
    """The container that a workspace has for what its people bring."""

    cloud: Cloud

    @property
    def _place(self) -> tuple[str, str]:
        made = default_datastore(self.cloud.arm, WORKSPACE, "workspaceblobstore")
        assert made
        return made["properties"]["accountName"], made["properties"]["containerName"]

    def all(self, prefix: str = "") -> dict[str, bytes]:
        return self.cloud.blobs.all(*self._place, prefix)

    def write(self, name: str, content: bytes) -> None:
        """Past every rule."""
        self.cloud.blobs.write(*self._place, name, content)

    def remove(self, name: str) -> None:
        self.cloud.blobs.remove(*self._place, name)

    def puts(self, since: int) -> int:
        """How many blobs were sent."""
        return sum((each.method, each.route) == ("PUT", BLOB) for each in self.cloud.calls(since))

    def lose(self, after: int) -> None:
        """Every connection on which a blob is sent ends, once so many were sent."""
        self.cloud.lose("PUT", BLOB, after)


@pytest.fixture
def kept(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Bytes:
    """Of an empty workspace; no blob is tried again."""
    forget(cloud)
    monkeypatch.setitem(client.BLOB_TRIES, "retry_total", 0)
    return Bytes(cloud)


def forget(cloud: Cloud) -> None:
    """The workspace is empty again."""
    cloud.blobs.forget()
    cloud.mend()
    for document in reversed(cloud.arm.below(WORKSPACE)):
        if Id(document["id"]).kind.startswith(ASSETS):
            cloud.arm.delete(OWNER, document["id"])
