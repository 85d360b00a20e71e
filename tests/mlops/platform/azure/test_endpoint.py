"""The endpoint in Azure ML: the real client, the rules of the emulated service, and servers that really answer."""

import asyncio
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from mlops import files
from mlops.connections import Connections
from mlops.errors import Refused
from mlops.platform.azure import names
from mlops.platform.azure.client import Azure
from mlops.platform.endpoint import EndpointState
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import BODIES, GROUP, IDENTITY, WORKSPACE
from tests.mlops.platform.azure.online import Online
from tests.mlops.platform.azure.online import online as online
from tests.mlops.platform.azure.online import person as person
from tests.mlops.release.shops import Shop

SCALING = f"{GROUP}/providers/Microsoft.Insights/autoscaleSettings"


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
