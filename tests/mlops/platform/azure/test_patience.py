"""What is busy is asked again, roles are waited for where they are new, and both end."""

import time
from collections.abc import Callable

import pytest
from azure.core.pipeline.transport import HttpTransport

from mlops.errors import Failure
from mlops.platform.azure import images
from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said
from mlops.serving import vault
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.images import R
from tests.emulator.https.routes.vault import AUDIENCE
from tests.emulator.world import GROUP, REGISTRY, STORAGE, VAULT

Ask = Callable[[Azure], object]


def workspace(azure: Azure) -> object:
    return azure.ask("GET", f"{azure.names.workspace_id}?api-version=2024-10-01")


def by_client(azure: Azure) -> object:
    with said("dev"):
        return list(azure.ml.data.list())


def blobs(azure: Azure) -> object:
    with said("dev"):
        return list(azure.container(azure.names.inference_log_url).list_blob_names())


def download(azure: Azure) -> object:
    with said("dev"):
        return azure.container(azure.names.inference_log_url).download_blob("it")


def key(azure: Azure) -> object:
    return azure.ask("GET", f"{azure.names.sign_key_id}?api-version={vault.VERSION}", scope=AUDIENCE)


@pytest.fixture(autouse=True)
def naps(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause would have been, in seconds; they pass on Azure's clock only."""
    naps: list[float] = []

    def nap(self: HttpTransport, seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 100, "it never ends"
        cloud.arm.clock.advance(minutes=seconds / 60)

    monkeypatch.setattr(HttpTransport, "sleep", nap)
    return naps


@pytest.mark.parametrize("ask", [workspace, by_client])
@pytest.mark.parametrize("status", [429, 500])
def test_what_is_busy_is_asked_again(
    azure: Azure, cloud: Cloud, capsys: pytest.CaptureFixture[str], ask: Ask, status: int
) -> None:
    for _ in range(2):
        cloud.arm.faults.fail(status=status)
    ask(azure)
    assert capsys.readouterr().err == "Azure is busy, or cannot be reached. Trying again.\n" * 2


@pytest.mark.parametrize("ask", [workspace, by_client])
def test_what_stays_busy_is_given_up(azure: Azure, cloud: Cloud, naps: list[float], ask: Ask) -> None:
    cloud.arm.faults.throttle(6)
    with pytest.raises(Failure, match="Azure is too busy to answer"):
        ask(azure)
    ask(azure)
    assert sum(naps) < 60


def test_a_connection_that_stays_lost_is_given_up(
    azure: Azure, cloud: Cloud, capsys: pytest.CaptureFixture[str], naps: list[float]
) -> None:
    cloud.lose("GET", "{account}.blob.core.windows.net/{rest}?comp=list")
    with pytest.raises(Failure, match="the connection to Azure was lost. Repeat the same command"):
        blobs(azure)
    cloud.mend()
    assert "Trying again" in capsys.readouterr().err and sum(naps) < 200


@pytest.mark.parametrize(("action", "times"), [("listBuildSourceUploadUrl", 3), ("scheduleRun", 0)])
def test_a_post_is_asked_again_unless_something_would_begin_twice(
    azure: Azure, cloud: Cloud, capsys: pytest.CaptureFixture[str], action: str, times: int
) -> None:
    cloud.lose("POST", f"{R}/{action}")
    with pytest.raises(Failure, match="the connection to Azure was lost"):
        azure.ask("POST", f"{REGISTRY}/{action}?{images.API}", {}, once=not times)
    cloud.mend()
    assert capsys.readouterr().err.count("Trying again") == times


@pytest.mark.parametrize(
    ("ask", "role"), [(workspace, "Reader"), (by_client, "Reader"), (blobs, "Storage Blob Data Reader")]
)
def test_roles_that_are_new_are_waited_for(
    azure: Azure,
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    role: str,
) -> None:
    newcomer = cloud.directory.add(f"{tmp_path}")
    for name, value in cloud.environ(newcomer, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cloud.arm, "propagation", 2.0)
    cloud.arm.clock.advance(minutes=2)
    cloud.arm.assign(newcomer.id, role, GROUP)
    with pytest.raises(Failure, match="this login (may not|has no role)"):
        ask(Azure(azure.names, "dev"))
    ask(Azure(azure.names, "dev", synced=time.time()))
    assert "this login's roles do not work yet" in capsys.readouterr().err


def test_roles_that_never_come_are_given_up(
    azure: Azure, cloud: Cloud, naps: list[float], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = cloud.directory.add("a stranger")
    for name, value in cloud.environ(stranger, tmp_path).items():
        monkeypatch.setenv(name, value)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + sum(naps))
    with pytest.raises(Failure, match="this login may not do Microsoft.MachineLearningServices/workspaces/read on dev"):
        workspace(Azure(azure.names, "dev", synced=now))
    assert 600 <= sum(naps) < 630


@pytest.mark.parametrize(("ask", "door"), [(blobs, STORAGE), (download, STORAGE), (key, VAULT)])
def test_a_closed_door_is_no_role_to_wait_for(
    azure: Azure, cloud: Cloud, naps: list[float], ask: Ask, door: str
) -> None:
    cloud.arm.change_behind(door, "properties.publicNetworkAccess", "Disabled")
    with pytest.raises(Failure, match="dev is reached only from inside its network"):
        ask(Azure(azure.names, "dev", synced=time.time()))
    cloud.arm.change_behind(door, "properties.publicNetworkAccess", "Enabled")
    assert naps == []
