"""What a release sees of an endpoint in Azure ML: real requests, in the traffic log and the log of predictions."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops.errors import Failure
from mlops.platform.azure import endpoint, observe
from mlops.platform.azure.client import Azure
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Deployment, Edges
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.logs import DELAY
from tests.emulator.world import LOGS, WORKSPACE
from tests.mlops.platform.azure.online import Online, project
from tests.mlops.platform.azure.online import person as person
from tests.mlops.release.shops import eventually
from tests.support.project import Project

BINS = ("latency", "scores")
EDGES = Edges((0.001, 60000.0), "score", (0.25, 0.75))


@pytest.fixture
def online(
    cloud: Cloud, azure: Azure, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Online]:
    """Spans of a second, of which none has to wait for its lines, so that no test does."""
    for name, seconds in (("SPAN_SECONDS", 1), ("DELAY_SECONDS", 0)):
        monkeypatch.setattr(observe, name, seconds)
    monkeypatch.setattr(endpoint, "FOLLOW_SECONDS", 0.0)
    online = Online(cloud, azure, project(tmp_path / "project", reference.path))
    online.build()
    yield online
    online.forget()


@pytest.fixture
def served(online: Online) -> Deployment:
    new = online.version()
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    return new


def log(online: Online) -> dict[str, bytes]:
    return online.cloud.blobs.all("stlend", "inference-log")


def totals(endpoint: AzureEndpoint, since: float) -> tuple[int, int, list[int], list[int]]:
    """Requests, errors, and how many there are in each bin of latency and of scores."""
    found = endpoint.observe(since, EDGES)
    assert {each.start % 1 for each in found} <= {0}
    latency, scores = (
        [sum(bins) for bins in zip(*(getattr(each, name) for each in found), strict=True)] for name in BINS
    )
    return sum(each.requests for each in found), sum(each.errors for each in found), latency, scores


def test_requests_are_counted_once_their_lines_have_come(online: Online, served: Deployment) -> None:
    since, endpoint = time.time() - 1, online.endpoint
    assert {status for status, _ in online.ask(5)} == {200}
    eventually(lambda: sum(text.count(b"\n") for text in log(online).values()) == 5)
    time.sleep(1)
    assert totals(endpoint, since) == (0, 0, [0, 0, 0], [0, 5, 0])
    online.cloud.arm.clock.advance(minutes=DELAY)
    assert totals(endpoint, since) == (5, 0, [0, 5, 0], [0, 5, 0])
    assert {each.deployment for each in endpoint.observe(since, EDGES)} == {served.name}
    assert endpoint.observe(time.time() + 60, EDGES) == ()


def test_a_span_that_is_not_over_is_not_shown(
    online: Online, served: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = time.time() - 120
    online.ask(2)
    time.sleep(1)
    online.cloud.arm.clock.advance(minutes=DELAY)
    monkeypatch.setattr(observe, "SPAN_SECONDS", 3600)
    assert online.endpoint.observe(since - 7200, EDGES) == ()
    monkeypatch.setattr(observe, "SPAN_SECONDS", 1)
    monkeypatch.setattr(observe, "DELAY_SECONDS", 600)
    assert online.endpoint.observe(since, EDGES) == ()


def test_errors_are_counted_and_have_no_latency(online: Online, served: Deployment) -> None:
    since = time.time() - 1
    online.cloud.servers.close()
    assert {status for status, _ in online.ask(3)} == {503}
    time.sleep(1)
    online.cloud.arm.clock.advance(minutes=DELAY)
    assert totals(online.endpoint, since)[:3] == (3, 3, [0, 0, 0])


def test_the_emulator_answers_no_other_question(online: Online, served: Deployment) -> None:
    logs = online.cloud.arm.store.documents[LOGS]["properties"]["customerId"]
    with pytest.raises(Failure, match="does not understand"):
        place = f"{observe.LOGS}/v1/workspaces/{logs}/query"
        online.azure.ask("POST", place, {"query": "AmlOnlineEndpointTrafficLog | take 1"}, observe.LOGS)


def test_who_may_not_ask_the_logs_is_told(
    online: Online, served: Deployment, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = cloud.directory.add("somebody else")
    cloud.arm.assign(stranger.id, "Reader", WORKSPACE)
    for name, value in cloud.environ(stranger, tmp_path).items():
        monkeypatch.setenv(name, value)
    azure = Azure(online.azure.names, "dev")
    with pytest.raises(Failure, match="may not|insufficient access"):
        AzureEndpoint(azure, online.path, AzureLedger(azure)).observe(time.time() - 60, EDGES)
