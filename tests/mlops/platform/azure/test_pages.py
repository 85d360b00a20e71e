"""Azure gives a list in pages, and all of them are read."""

from collections.abc import Iterator

import pytest

from mlops.platform.azure import batch
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Deployment
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.small import Small
from tests.mlops.platform.azure.small import quick as quick
from tests.mlops.platform.azure.small import small as small
from tests.support.project import Project

VERSION = "api-version=2023-10-01"


@pytest.fixture(autouse=True, params=[1, 2])
def pages(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[int]:
    """How much of a list one answer holds."""
    cloud.page, whole = request.param, cloud.page
    yield cloud.page
    cloud.page = whole


def put(small: Small, kind: str, *names: str, **properties: object) -> None:
    """Have these there, as if somebody had made them long ago."""
    for name in names:
        id = f"{WORKSPACE}/{kind}/{name}"
        document = {"id": id, "name": name, "tags": {}, "properties": {"provisioningState": "Succeeded", **properties}}
        small.cloud.arm.store.documents[id] = document


def test_versions_and_names_of_data(small: Small) -> None:
    for rows in ("b", "c"):
        small.keep(rows)
    before = len(AzureData(small.azure, small.path).list())
    small.keep("d")
    found = AzureData(small.azure, small.path).list()
    assert len(found) == before + 1 and [each.version for each in found] == [*range(1, before + 2)]
    assert AzureData(small.azure, small.path).get("rows") == found[-1]


def test_runs_and_their_steps(small: Small) -> None:
    runs = [small.submit(seed=seed) for seed in ("1", "2", "3")]
    for run in runs:
        status, steps = small.ends(run)
        assert status == 0 and steps.keys() == {"prepare", "train"}
    found, damaged = small.jobs.list()
    assert [each["run"] for each in found][:3] == runs[::-1] and not damaged


def test_endpoints_and_deployments(small: Small, reference: Project, pages: int) -> None:
    endpoint = AzureEndpoint(small.azure, reference.path, AzureLedger(small.azure))
    put(small, "onlineEndpoints", "a", "b", "c", endpoint.name, scoringUri="https://own/score")
    put(small, f"onlineEndpoints/{endpoint.name}/deployments", "old", "new", "newest")
    listed = f"{small.azure.names.workspace_id}/onlineEndpoints?{VERSION}"
    assert len(small.azure.ask("GET", listed)["value"]) == pages
    assert [each["name"] for each in small.azure.listed(listed)] == ["a", "b", "c", endpoint.name]
    assert endpoint.address == "https://own"
    assert [*endpoint.state().deployments] == ["old", "new", "newest"]


def test_a_batch_endpoint_that_is_there_is_not_made_again(small: Small) -> None:
    put(small, "batchEndpoints", "a", "b", "own", defaults={"deploymentName": "new"})
    before = len(small.cloud.journal)
    batch.switch(small.azure, small.path, "own", Deployment("new", "triage:1", "", small.path), "")
    assert {call.method for call in small.cloud.calls(before)} == {"GET"}
