"""The endpoint in Azure ML: the real client, the rules of the emulated service, and servers that really answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mlops import files
from mlops.connections import Connections
from mlops.errors import Refused
from mlops.platform.azure import endpoint as under_test
from mlops.platform.azure import names
from mlops.platform.azure.client import Azure
from mlops.platform.endpoint import EndpointState, Unhealthy
from tests.emulator.access import ASSIGNMENTS
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.ids import Id
from tests.emulator.world import BODIES, GROUP, IDENTITY, REGISTRY, WORKSPACE
from tests.mlops.platform.azure.online import Online, project
from tests.mlops.platform.azure.online import person as person
from tests.mlops.platform.azure.seen import Seen
from tests.mlops.release.shops import Shop
from tests.support.project import Project

SCALING = f"{GROUP}/providers/Microsoft.Insights/autoscaleSettings"


@pytest.fixture
def online(
    cloud: Cloud, azure: Azure, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Online]:
    monkeypatch.setattr(under_test, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(under_test, "FOLLOW_SECONDS", 0.0)
    online = Online(cloud, azure, project(tmp_path / "project", reference.path))
    online.build()
    yield online
    online.forget()


def test_a_life_of_an_endpoint(online: Online) -> None:
    old, new = online.version(), online.version(shift=0.1)
    assert (online.endpoint.state(), online.endpoint.address) == (EndpointState(), None)
    online.endpoint.deploy(old)
    before = len(online.cloud.journal)
    online.endpoint.deploy(old)
    assert "PUT" not in {method for method, _ in online.calls(before)}
    online.endpoint.traffic({old.name: 100}, {})
    online.endpoint.deploy(new)

    online.endpoint.traffic({old.name: 100}, {new.name: 10})
    assert online.endpoint.state().mirror == {new.name: 10}
    assert Counter(online.ask(50)) == {(200, old.name): 50}
    copied = [line for _, _, line in online.cloud.lines if line["DeploymentName"] == new.name]
    assert 0 < len(copied) < 25
    assert {line["XMSClientRequestId"] for line in copied} <= {
        line["XMSClientRequestId"] for *_, line in online.cloud.lines
    }

    before, since = len(online.cloud.journal), time.time()
    online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    state = online.endpoint.state()
    assert (state.traffic, state.mirror) == ({old.name: 90, new.name: 10}, {})
    assert since <= state.since <= time.time()
    assert [route for method, route in online.calls(before) if method == "PUT"] == ["{W}/onlineEndpoints/{name}"] * 2
    answers = Counter(online.ask(50))
    assert answers[200, old.name] > answers[200, new.name] > 0
    assert online.ask(1, new.name) == [(200, new.name)]
    with pytest.raises(Refused, match="has traffic and is not removed"):
        online.endpoint.remove(old.name)

    online.endpoint.traffic({new.name: 100}, {})
    online.endpoint.remove(old.name)
    assert [*online.endpoint.state().deployments] == [new.name]
    assert online.ask(2) == [(200, new.name)] * 2
    online.endpoint.traffic({}, {})
    assert online.ask()[0][0] == 404


def test_what_azure_is_told(online: Online) -> None:
    new = online.version()
    online.endpoint.deploy(new)
    name, find = online.endpoint.name, online.cloud.arm.store.documents
    assert len(name) <= 32 and name.endswith("-dev-" + name[-6:])
    assert [*find[online.id]["identity"]["userAssignedIdentities"]] == [IDENTITY]
    made = find[f"{online.id}/deployments/{new.name}"]
    assert made["properties"]["model"] == f"{WORKSPACE}/models/shop/versions/1"
    assert made["properties"]["environmentId"].endswith(f"/versions/{'5' * 16}")
    assert made["properties"]["environmentVariables"] == {
        "MLOPS_INFERENCE_LOG_URL": online.azure.names.inference_log_url,
        "UAI_CLIENT_ID": online.azure.names.endpoint_client_id,
    }
    assert made["properties"]["requestSettings"]["maxConcurrentRequestsPerInstance"] == 64
    assert made["tags"]["mlops.model"] == "shop:1"
    assert "listening" not in online.endpoint.logs(new.name)
    assert "answers at http://" in online.endpoint.logs(new.name)


def test_one_that_never_becomes_healthy_is_said_with_its_log(online: Online, seen: Seen) -> None:
    bad = online.version(dies=True)
    words = r"(?s)did not become healthy: .*last lines of its log:.*this model dies at start"
    with seen.fails("a deployment that never becomes healthy", words, Unhealthy):
        online.endpoint.deploy(bad)
    assert online.endpoint.state().deployments[bad.name].state == "failed"
    with pytest.raises(Refused, match="is failed and gets no traffic"):
        online.endpoint.traffic({bad.name: 100}, {})
    online.endpoint.remove(bad.name)
    assert online.endpoint.state().deployments == {}


def cores(cloud: Cloud) -> Callable[[], None]:
    cloud.arm.cores, was = 3, cloud.arm.cores
    return lambda: setattr(cloud.arm, "cores", was)


def network(cloud: Cloud) -> Callable[[], None]:
    was = cloud.arm.networks.pop(Id(WORKSPACE).key)
    return lambda: cloud.arm.networks.update({Id(WORKSPACE).key: was})


def _without(cloud: Cloud, principal: str, scope: str) -> Callable[[], None]:
    documents = cloud.arm.store.documents
    held = {id: it for id, it in documents.items() if Id(id).kind == ASSIGNMENTS}
    gone = {
        id: it
        for id, it in held.items()
        if it["properties"]["principalId"] == principal and id.startswith(scope.lower())
    }
    assert gone
    for id in gone:
        del documents[id]
    return lambda: documents.update(gone)


def role_of_the_image(cloud: Cloud) -> Callable[[], None]:
    identity = cloud.arm.store.documents[IDENTITY]["properties"]["principalId"]
    return _without(cloud, identity, REGISTRY)


def model(cloud: Cloud) -> Callable[[], None]:
    place = f"{WORKSPACE}/models/shop/versions/1"
    was = cloud.arm.store.documents.pop(place.lower())
    return lambda: cloud.arm.store.documents.update({place: was})


LACKS = {
    cores: "quota",
    network: "network",
    role_of_the_image: "the identity …/userAssignedIdentities/id-lend may not do .*/pull/read on …/registries/",
    model: "dev does not have …/workspaces/mlw-lend/models/shop/versions/1. `mlops models list --on dev`",
}


@pytest.mark.parametrize(("break_", "words"), LACKS.items(), ids=[break_.__name__ for break_ in LACKS])
def test_what_azure_refuses_leaves_nothing_and_is_safe_to_repeat(
    online: Online, break_: Callable[[Cloud], Callable[[], None]], words: str, seen: Seen
) -> None:
    new = online.version()
    mend = break_(online.cloud)
    try:
        with seen.fails(f"a deployment without its {break_.__name__.replace('_', ' ')}", words) as caught:
            online.endpoint.deploy(new)
        assert not isinstance(caught.value, Unhealthy), "it would be rolled back, though nothing is wrong with it"
        assert online.endpoint.state().deployments == {}
    finally:
        mend()
    online.endpoint.deploy(new)
    assert online.endpoint.state().deployments[new.name].state == "healthy"


def test_the_command_shows_what_is_there(online: Online, person: Principal, tmp_path: Path) -> None:
    new = online.version()
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    files.write_json(names.place(online.path, "dev"), asdict(online.azure.names))
    variables = online.cloud.environ(person, tmp_path)
    done = Shop(online.path).mlops("release", "status", "--on", "dev", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{new.name} (shop:1) healthy, 100 % live" in done.stdout
    assert f"https://{online.endpoint.name}.westeurope.inference.ml.azure.com" in done.stdout
    removed = Shop(online.path).mlops("release", "remove", new.name, "--on", "dev", **variables)
    assert (removed.returncode, "has traffic and is not removed" in removed.stderr) == (1, True)


def test_callers_need_a_role(online: Online, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = online.version()
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    caller = cloud.directory.add("a caller")
    cloud.arm.assign(caller.id, "Reader", GROUP)
    for name, value in cloud.environ(caller, tmp_path).items():
        monkeypatch.setenv(name, value)
    other = Online(cloud, Azure(online.azure.names, "dev"), online.path)
    assert other.ask() == [(403, "")]
    cloud.arm.assign(caller.id, "AzureML Data Scientist", WORKSPACE)
    assert other.ask() == [(200, new.name)]


def test_a_host_to_which_the_proxy_does_not_lead(online: Online) -> None:
    with pytest.raises(OSError, match="does not lead to example.org"):
        asyncio.run(Connections("https://example.org/score").post(b""))
    assert online.cloud.proxy.strangers.pop() == "example.org:443"


class Interrupted(BaseException):
    """As Ctrl-C is."""


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Once, when so many requests that change something were answered."""
    send, left = requests.Session.send, [after]

    def sent(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        answer = send(self, request, **how)
        if request.method in ("PUT", "DELETE"):
            left[0] -= 1
            if left[0] == 0:
                raise Interrupted
        return answer

    monkeypatch.setattr(requests.Session, "send", sent)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_deployment_that_was_interrupted_is_taken_up(
    online: Online, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = online.version()
    with monkeypatch.context() as patch:
        interrupt(patch, after)
        with pytest.raises(Interrupted):
            online.endpoint.deploy(new)
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    assert online.ask() == [(200, new.name)]
    assert [line["DeploymentName"] for _, _, line in online.cloud.lines] == [new.name], (
        "its log goes to one place, once"
    )


@pytest.mark.parametrize("after", [1, 2])
def test_shares_that_were_interrupted_are_taken_up(online: Online, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = online.version(), online.version(shift=0.1)
    for each in (old, new):
        online.endpoint.deploy(each)
    online.endpoint.traffic({old.name: 100}, {})
    online.endpoint.traffic({old.name: 100}, {new.name: 50})
    with monkeypatch.context() as patch:
        interrupt(patch, after)
        with pytest.raises(Interrupted):
            online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    state = online.endpoint.state()
    assert (state.traffic, state.mirror) == ({old.name: 90, new.name: 10}, {})


def test_the_platform_changes_and_the_traffic_stays(online: Online) -> None:
    old, new = online.version(), online.version(shift=0.1)
    for each in (old, new):
        online.endpoint.deploy(each)
    online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    before = online.endpoint.state()
    online.cloud.arm.put(OWNER, WORKSPACE, BODIES[WORKSPACE] | {"tags": {"cost_centre": "another"}})
    assert online.endpoint.state() == before


def test_instances_follow_the_load_within_their_bounds(online: Online) -> None:
    file = online.path / "mlops.yaml"
    plain = yaml.safe_load(file.read_text())
    plain["environments"]["dev"]["instances"] = {"least": 2, "most": 4}
    file.write_text(yaml.safe_dump(plain))
    new, documents = online.version(), online.cloud.arm.store.documents
    online.endpoint.deploy(new)
    assert documents[f"{online.id}/deployments/{new.name}"]["sku"]["capacity"] == 2
    online.endpoint.traffic({new.name: 100}, {})
    place = f"{SCALING}/{online.endpoint.name}-{new.name}"
    [profile] = documents[place]["properties"]["profiles"]
    assert profile["capacity"] == {"minimum": "2", "maximum": "4", "default": "2"}
    plain["environments"]["dev"]["instances"] = {"least": 2, "most": 2}
    file.write_text(yaml.safe_dump(plain))
    online.endpoint.traffic({}, {})
    online.endpoint.traffic({new.name: 100}, {})
    assert place not in documents, "one number again"
    documents[place] = {"id": place, "location": "westeurope", "properties": {}}
    online.endpoint.traffic({}, {})
    online.endpoint.remove(new.name)
    assert place not in documents


def test_where_models_are_not_made_the_registry_is_named(online: Online) -> None:
    azure = Azure(online.azure.names, "staging")
    staging, new = Online(online.cloud, azure, online.path), online.version()
    registry = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/{azure.names.registry}"
    for kind in ("models/shop/versions/1", f"environments/income-support-triage-serve/versions/{'5' * 16}"):
        found = online.cloud.arm.store.documents[f"{WORKSPACE}/{kind}"]
        online.cloud.arm.store.documents[f"{registry}/{kind}"] = found | {"id": f"{registry}/{kind}"}
    staging.endpoint.deploy(new)
    made = online.cloud.arm.store.documents[f"{staging.id}/deployments/{new.name}"]["properties"]
    assert made["model"] == f"azureml://registries/{azure.names.registry}/models/shop/versions/1"
    assert staging.endpoint.name != online.endpoint.name
    staging.forget()
