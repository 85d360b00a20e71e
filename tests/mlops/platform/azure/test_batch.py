"""The batch endpoint in Azure ML: which version scores tables, and back again."""

from pathlib import Path

import pytest

from mlops.platform.azure.client import Azure
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.endpoint import Deployment
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.online import deployer, provided
from tests.support.project import Project


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    provided(cloud)
    return deployer(cloud)


def version(cloud: Cloud, number: int) -> Deployment:
    cloud.arm.put(OWNER, f"{WORKSPACE}/models/triage/versions/{number}", {"properties": {}})
    return Deployment(f"m{number:012}", f"triage:{number}", "context:sha256:0", Path())


def test_the_switch_is_the_default_deployment(azure: Azure, cloud: Cloud, reference: Project) -> None:
    endpoint, documents = AzureEndpoint(azure, reference.path), cloud.arm.store.documents
    first, second = version(cloud, 1), version(cloud, 2)
    for each in (first, second, first):
        endpoint.switch(each)
        [made] = [it for it in documents.values() if it.get("type", "").endswith("/batchEndpoints")]
        assert made["properties"]["defaults"]["deploymentName"] == each.name
    assert len(made["name"]) <= 32 and "-dev-" in made["name"]
    before = len(cloud.journal)
    endpoint.switch(first)
    assert {call.method for call in cloud.calls(before)} == {"GET"}
    for each in (first, second):
        config = documents[f"{made['id']}/deployments/{each.name}"]["properties"]["deploymentConfiguration"]
        component = documents[config["componentId"]["assetId"]]["properties"]["componentSpec"]
        assert f"models/triage/versions/{each.model[-1]}" in str(component["jobs"]["served"]["inputs"]["champion"])
