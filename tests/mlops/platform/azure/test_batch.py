"""The batch endpoint in Azure ML: which version scores tables, and back again."""

from pathlib import Path

import pytest

from mlops.errors import Failure
from mlops.platform.azure.client import Azure
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Deployment
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.store import Document
from tests.emulator.world import HERE, WORKSPACE
from tests.mlops.platform.azure.online import person as person
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.support.project import Project


def version(cloud: Cloud, number: int) -> Deployment:
    cloud.arm.put(OWNER, f"{WORKSPACE}/models/triage/versions/{number}", {"properties": {}})
    return Deployment(f"m{number:012}", f"triage:{number}", "context:sha256:0", Path())


def test_the_switch_is_the_default_deployment(azure: Azure, cloud: Cloud, reference: Project) -> None:
    endpoint, documents = AzureEndpoint(azure, reference.path, AzureLedger(azure)), cloud.arm.store.documents
    first, second = version(cloud, 1), version(cloud, 2)
    endpoint.prepare(first)
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


def test_a_version_that_is_prepared_is_switched_to_by_the_endpoint_alone(
    azure: Azure, cloud: Cloud, reference: Project
) -> None:
    endpoint, new = AzureEndpoint(azure, reference.path, AzureLedger(azure)), version(cloud, 3)
    endpoint.prepare(new)
    before = len(cloud.journal)
    endpoint.prepare(new)
    assert {call.method for call in cloud.calls(before)} == {"GET"}
    before = len(cloud.journal)
    endpoint.switch(new)
    sent = {call.route for call in cloud.calls(before) if call.method == "PUT"}
    assert sent == {"{W}/batchEndpoints/{name}"}


def test_the_oldest_makes_room(azure: Azure, cloud: Cloud, reference: Project) -> None:
    """Where 20 are, and not before; the default stays, whatever its age."""
    endpoint, first = AzureEndpoint(azure, reference.path, AzureLedger(azure)), version(cloud, 1)
    endpoint.switch(first)
    place = deployment(cloud, first.name)["id"].removesuffix(first.name)
    for many, number, gone in ((15, 4, 0), (20, 5, 1)):
        for filler in range(len(made(cloud)), many):
            cloud.arm.put(OWNER, f"{place}filler-{filler}", HERE | {"properties": {}})
        before = [name for name in made(cloud) if name != first.name]
        cloud.arm.clock.advance(minutes=1)
        endpoint.prepare(version(cloud, number))
        assert set(made(cloud)) == {first.name, *before[gone:], f"m{number:012}"}


def test_a_version_that_could_not_be_made_is_made_again(azure: Azure, cloud: Cloud, reference: Project) -> None:
    endpoint, new = AzureEndpoint(azure, reference.path, AzureLedger(azure)), version(cloud, 6)
    endpoint.prepare(new)
    cloud.arm.change_behind(deployment(cloud, new.name)["id"], "properties.provisioningState", "Failed")
    endpoint.switch(new)
    assert deployment(cloud, new.name)["properties"]["provisioningState"] == "Succeeded"


def test_the_default_is_made_again_when_it_has_failed_since(azure: Azure, cloud: Cloud, reference: Project) -> None:
    endpoint, new = AzureEndpoint(azure, reference.path, AzureLedger(azure)), version(cloud, 7)
    endpoint.switch(new)
    cloud.arm.change_behind(deployment(cloud, new.name)["id"], "properties.provisioningState", "Failed")
    endpoint.switch(new)
    assert deployment(cloud, new.name)["properties"]["provisioningState"] == "Succeeded"


def test_who_may_not_make_the_default_again_is_told_and_goes_on(
    azure: Azure, cloud: Cloud, reference: Project, as_person: AsPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as the identity that ticks: nothing else of a release waits for that."""
    new = version(cloud, 8)
    AzureEndpoint(azure, reference.path, AzureLedger(azure)).switch(new)
    cloud.arm.change_behind(deployment(cloud, new.name)["id"], "properties.provisioningState", "Failed")
    reader = as_person("who only looks", {"Reader": WORKSPACE})
    endpoint = AzureEndpoint(reader, reference.path, AzureLedger(reader))
    endpoint.switch(new)
    assert "this login has no role for these files or images of dev" in capsys.readouterr().err
    with pytest.raises(Failure, match="this login "):
        endpoint.switch(version(cloud, 9))


def made(cloud: Cloud) -> list[str]:
    """Names of the deployments, the oldest first."""
    return [each["name"] for each in cloud.arm.below(WORKSPACE) if each["type"].endswith("/batchEndpoints/deployments")]


def deployment(cloud: Cloud, name: str) -> Document:
    return next(each for each in cloud.arm.below(WORKSPACE) if each["id"].endswith(f"/deployments/{name}"))
