"""Each failure, caused in the emulated Azure, and the one sentence that a person reads."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from azure.core.pipeline.transport import HttpTransport

from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.azure.sentences import KNOWN
from tests.emulator.arm import OWNER
from tests.emulator.client import scientist
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import CLUSTER, CONTAINER, DEPLOYMENT, GROUP, ONLINE, STORAGE, SUB, WORKSPACE, World
from tests.mlops.platform.azure.conftest import exported
from tests.mlops.platform.azure.seen import Seen

STRANGE = "00000000-0000-0000-0000-0000000000cc"
DISCOVERY = "{host}.api.azureml.ms/registrymanagement/v1.0/registries/{registry}/discovery"
REPEAT, VERSION = "Repeat the same command", "api-version=2024-10-01"


class Place(NamedTuple):
    cloud: Cloud
    person: Principal
    folder: Path
    patch: pytest.MonkeyPatch

    def act_as(self, who: Principal) -> None:
        for name, value in self.cloud.environ(who, self.folder).items():
            self.patch.setenv(name, value)

    def say(self, subject: str, minutes: float = 10) -> None:
        """What the job of CI shows when it signs in."""
        (self.folder / "other.jwt").write_text(self.cloud.directory.assertion(subject, minutes=minutes))
        self.patch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(self.folder / "other.jwt"))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """One of its own for each test, which may break it."""
    world = World()
    world.make(CLUSTER)
    world.arm.put(OWNER, CONTAINER, {"properties": {}})
    with Cloud(tmp_path, world.arm) as cloud:
        yield cloud
    assert cloud.proxy.strangers == [] and cloud.faults == []


@pytest.fixture
def place(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(HttpTransport, "sleep", lambda self, seconds: None)
    place = Place(cloud, scientist(cloud), tmp_path, monkeypatch)
    place.act_as(place.person)
    return place


class Case(NamedTuple):
    """`cause` breaks something, `act` meets it, and then the words are read."""

    name: str
    words: str
    cause: Callable[[Place], object] = lambda place: None
    act: Callable[[Azure], object] = lambda azure: azure.ask("GET", f"{azure.names.workspace_id}?{VERSION}")


def read_ledger(azure: Azure) -> object:
    return AzureLedger(azure).read()


def elsewhere(**changes: Any) -> Callable[[Azure], object]:
    def act(azure: Azure) -> object:
        other = Azure(replace(azure.names, **changes), "dev")
        return other.ask("GET", f"{other.names.workspace_id}?{VERSION}")

    return act


def nobody(place: Place) -> None:
    place.act_as(place.cloud.directory.add("nobody"))


def elsewhere_signed_in(place: Place) -> None:
    place.cloud.directory.tenants.add(STRANGE)
    place.patch.setenv("AZURE_TENANT_ID", STRANGE)


def own(place: Place) -> None:
    place.cloud.arm.assign(place.person.id, "Contributor", GROUP)


def no_cores(place: Place) -> None:
    own(place)
    place.cloud.arm.cores = 0


def bigger_cluster(azure: Azure) -> object:
    size = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": size}}
    return azure.ask("PUT", f"{WORKSPACE}/computes/more?{VERSION}", body)


def taken(place: Place) -> None:
    own(place)
    place.cloud.arm.taken.add("score")


def read_other_ledger(azure: Azure) -> object:
    return read_ledger(Azure(replace(azure.names, ledger_url=f"{azure.names.ledger_url}2"), "dev"))


def endpoint(azure: Azure) -> object:
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "AADToken"}}
    return azure.ask("PUT", f"{ONLINE}?{VERSION}", body)


def deployment(azure: Azure) -> object:
    endpoint(azure)
    return azure.ask("PUT", f"{DEPLOYMENT}?{VERSION}", {"location": "westeurope", "properties": {}})


def closed(place: Place) -> None:
    place.cloud.arm.change_behind(STORAGE, "properties.publicNetworkAccess", "Disabled")
    place.cloud.arm.assign(place.person.id, "Storage Blob Data Reader", CONTAINER)


CASES = (
    Case(
        "nobody is signed in",
        "nobody is signed in to Azure here. `az login`, then repeat the same command",
        lambda place: place.patch.delenv("AZURE_FEDERATED_TOKEN_FILE"),
    ),
    Case(
        "no az login",
        "nobody is signed in to Azure here. `az login`, then repeat the same command",
        lambda place: place.patch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential"),
    ),
    Case(
        "an expired login",
        "the login has expired. `az login` again, or repeat the job in CI",
        lambda place: place.say("a data scientist", minutes=-1),
    ),
    Case(
        "a job of CI that is not trusted",
        "dev does not trust this job of CI. Compare its subject with the one in the organisation's projects.yaml",
        lambda place: place.say("somebody else"),
    ),
    Case(
        "an unknown application",
        "the login was refused .*AADSTS700016.*`az login` again; docs/rights.md says who may act on dev",
        lambda place: place.patch.setenv("AZURE_CLIENT_ID", STRANGE),
    ),
    Case(
        "a tenant that does not exist",
        "the tenant is not that of dev. `az login --tenant ID`, or correct AZURE_TENANT_ID",
        lambda place: place.patch.setenv("AZURE_TENANT_ID", STRANGE),
    ),
    Case(
        "a wrong tenant",
        "the tenant is not that of dev. `az login --tenant ID`, or correct AZURE_TENANT_ID",
        elsewhere_signed_in,
    ),
    Case(
        "a wrong subscription",
        "this login does not see the subscription of dev. `az account list` shows those it sees",
        act=elsewhere(subscription=STRANGE),
    ),
    Case(
        "a missing group",
        "what dev should have is not there .*Resource group 'gone'.*`mlops env sync dev` reads its names again",
        lambda place: place.cloud.arm.assign(place.person.id, "Reader", SUB),
        elsewhere(resource_group="gone"),
    ),
    Case(
        "a missing workspace",
        "what dev should have is not there .*mlw-gone.*`make infra-preview STACK=dev` shows what is",
        act=elsewhere(workspace="mlw-gone"),
    ),
    Case(
        "a missing container",
        "what dev should have is not there",
        act=read_other_ledger,
    ),
    Case(
        "no role",
        "this login may not do Microsoft.MachineLearningServices/workspaces/read on dev. docs/rights.md says who may",
        nobody,
    ),
    Case(
        "no role for blobs",
        "no role for these files or images of dev. docs/rights.md says .* Storage Blob Data Contributor for files",
        nobody,
        read_ledger,
    ),
    Case(
        "a closed network",
        "dev is reached only from inside its network. Repeat the same command there, or let CI do it",
        closed,
        read_ledger,
    ),
    Case("no quota", "the quota is used up .*cores.*ask for more under Quotas in the portal", no_cores, bigger_cluster),
    Case("a name that is taken", "the name of the endpoint is taken in this region. Choose another", taken, endpoint),
    Case("a network that is not up", "the network of dev is not there yet. It takes half an hour", own, deployment),
    Case(
        "no registry",
        "the organisation's registry is not there. Correct it in infra/Pulumi.dev.yaml, or ask the platform team",
        act=lambda azure: azure.registry,
    ),
    Case(
        "a registry that cannot be reached",
        f"the connection to Azure was lost. {REPEAT}",
        lambda place: place.cloud.lose("GET", DISCOVERY),
        lambda azure: azure.registry,
    ),
    Case(
        "a service that is too busy",
        f"Azure is too busy to answer. Wait some minutes. {REPEAT}",
        lambda place: place.cloud.arm.faults.throttle(99),
    ),
    Case(
        "a service that fails",
        f"dev: .*The server encountered an internal error, please retry.*{REPEAT}",
        lambda place: [place.cloud.arm.faults.fail() for _ in range(9)],
    ),
    Case(
        "no connection while signing in",
        f"the connection to Azure was lost. {REPEAT}",
        lambda place: place.cloud.proxy.close(),
    ),
    Case(
        "a connection that is lost",
        f"the connection to Azure was lost. {REPEAT}",
        lambda place: place.cloud.lose("GET", "/{rest}"),
    ),
    Case(
        "what nobody foresaw",
        r"dev: .*No emulated route for PATCH https://management.azure.com…/workspaces/mlw-lend\.$",
        act=lambda azure: azure.ask("PATCH", f"{WORKSPACE}?{VERSION}", {}),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_failure_is_one_sentence_with_the_next_step(case: Case, place: Place, seen: Seen) -> None:
    case.cause(place)
    with seen.fails(case.name, case.words) as said:
        case.act(Azure(exported(place.cloud), "dev"))
    assert said.value.status == 3
    assert "\n" not in str(said.value) and "Traceback" not in str(said.value)


def test_every_sentence_is_said_in_a_test() -> None:
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    said = [known["say"].replace("{env}", "dev") for known in yaml.safe_load(KNOWN.read_text())]
    begins = [re.split(r" ?[{(.]", sentence)[0] for sentence in said]
    assert [begin for begin in begins if begin not in tests] == []
