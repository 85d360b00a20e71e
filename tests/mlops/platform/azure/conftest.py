"""An environment of the emulated Azure, and the adapters on the real client in it, as a data scientist has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from requests.adapters import HTTPAdapter

from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.arm import OWNER
from tests.emulator.client import scientist
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import CLUSTER, CONTAINER, GROUP, IDENTITY, LOGS, REGISTRY, STORAGE, VAULT, WORKSPACE, World
from tests.mlops.platform.azure.seen import Seen, check, marked
from tests.mlops.platform.azure.tables import CALLS, FAILURES

ACCOUNT = STORAGE.rsplit("/", 1)[1]
BLOBS = f"https://{ACCOUNT}.blob.core.windows.net"
LOG = f"{STORAGE}/blobServices/default/containers/inference-log"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """With the resources that a stack makes. Whatever a test puts there stays for the next one of its file."""
    world = World()
    world.make(CLUSTER)
    for container in (CONTAINER, LOG):
        world.arm.put(OWNER, container, {"properties": {}})
    with Cloud(tmp_path_factory.mktemp("cloud"), world.arm) as cloud:
        yield cloud
    assert cloud.proxy.strangers == [], "a host was asked for that is not emulated"
    assert cloud.faults == []


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    return scientist(cloud)


@pytest.fixture(scope="module")
def names(cloud: Cloud) -> Names:
    return exported(cloud)


def exported(cloud: Cloud) -> Names:
    """What the stack exports."""
    return Names(
        subscription=WORKSPACE.split("/")[2],
        resource_group=GROUP.rsplit("/", 1)[1],
        location="westeurope",
        workspace=WORKSPACE.rsplit("/", 1)[1],
        registry="mlr-agency",
        image_registry=f"{REGISTRY.rsplit('/', 1)[1]}.azurecr.io",
        endpoint_identity=IDENTITY,
        endpoint_client_id=cloud.arm.store.documents[IDENTITY]["properties"]["clientId"],
        computes=("cpu",),
        log_workspace=LOGS,
        ledger_url=f"{BLOBS}/ledger",
        sign_key_id=f"https://{VAULT.rsplit('/', 1)[1]}.vault.azure.net/keys/sign",
        inference_log_url=f"{BLOBS}/inference-log",
        sensitive_log_url="",
        log_key_id="",
    )


@pytest.fixture
def azure(cloud: Cloud, person: Principal, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Azure:
    """The client, signed in as `person`."""
    for name, value in cloud.environ(person, tmp_path).items():
        monkeypatch.setenv(name, value)
    return Azure(names, "dev")


@pytest.fixture(autouse=True)
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Every call of an adapter, and every failure, is in the table of its kind."""
    monkeypatch.setattr(HTTPAdapter, "add_headers", marked)
    cloud: Cloud | None = request.getfixturevalue("cloud") if "cloud" in request.fixturenames else None
    before, seen = len(cloud.journal) if cloud else 0, Seen()
    yield seen
    calls = {call for call in cloud.calls(before) if call.by} if cloud else set()
    own = {("client" if "login." in call.route else call.by, *call[:3]) for call in calls}
    check(CALLS, request.node, own)
    check(FAILURES, request.node, seen.failures)
