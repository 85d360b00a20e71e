"""What a release sees of an endpoint in Azure ML: real requests, in the traffic log and the log of predictions."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from mlops.errors import Failure
from mlops.platform.azure import endpoint, observe
from mlops.platform.azure.client import Azure
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Deployment, Edges
from mlops.release import smoke
from mlops.release.decide import Seen, decide
from mlops.settings import load
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.logs import DELAY
from tests.emulator.world import LOGS, WORKSPACE
from tests.mlops.platform.azure.online import Online, project
from tests.mlops.platform.azure.online import person as person
from tests.mlops.release.making import says
from tests.mlops.release.shops import eventually
from tests.support.project import Project

BINS = ("latency", "scores")
EDGES = Edges((0.001, 60000.0), "score", (0.25, 0.75))
CODES = {
    **dict.fromkeys([(200, 200), (424, 400), (424, 422), (424, 499), (403, None), (404, None)], 0),
    **dict.fromkeys([(424, 500), (424, 503), (424, 200), (424, None)], 1),
    **dict.fromkeys([(408, None), (429, None), (500, None), (502, None), (None, None)], 1),
}
"""Whether a line is an error, by what the caller got and what the model had answered."""


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
    assert {status for status, _ in online.ask(3)} == {424}
    time.sleep(1)
    online.cloud.arm.clock.advance(minutes=DELAY)
    assert totals(online.endpoint, since)[:3] == (3, 3, [0, 0, 0])


def test_what_is_an_error(online: Online, served: Deployment) -> None:
    since = time.time() - 1
    online.ask(len(CODES))
    for (*_, line), (code, models) in zip(online.cloud.lines, CODES, strict=True):
        line.update(ResponseCode=code, ModelStatusCode=models)
    time.sleep(1)
    online.cloud.arm.clock.advance(minutes=DELAY)
    good = len(CODES) - sum(CODES.values())
    assert totals(online.endpoint, since)[:3] == (len(CODES), sum(CODES.values()), [0, good, 0])


def test_what_the_model_refuses_comes_as_424_with_its_status(online: Online, served: Deployment) -> None:
    door = online.endpoint.door(served.name)
    answer = requests.post(door.url, data=b"{}", headers={**door.headers, "content-type": "application/json"})
    named = {name: text for name, text in answer.headers.items() if name.startswith("ms-azureml-model-error-")}
    assert (answer.status_code, [*named.values()]) == (424, ["422", "model_error"])
    assert answer.json()["error"]
    [(*_, line)] = online.cloud.lines
    assert (line["ResponseCode"], line["ModelStatusCode"]) == (424, 422)
    assert online.ask(1, served.name, b"{}") == [(422, served.name)], "our own client says what the model said"


def test_which_model_fails_is_refused_and_rolled_back(
    online: Online, served: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(online.path / "src")
    bad, since = online.version(throw=1.0), time.time() - 1
    online.endpoint.deploy(bad)
    assert online.ask(60, served.name) == [(200, served.name)] * 60
    assert online.ask(20, served.name, b"{}") == [(422, served.name)] * 20
    assert Counter(online.ask(60, bad.name))[500, bad.name] >= 40
    told = smoke.test(online.endpoint.door(bad.name), says()["evaluation"]["request"])
    assert told.startswith('answered 500 to rows that its contract allows: {"error":"The model failed on this request.')
    time.sleep(1)
    online.cloud.arm.clock.advance(minutes=DELAY)
    known, endpoint = load(online.path / "mlops.yaml"), online.endpoint
    assert known.service.online
    buckets, state = endpoint.observe(since, EDGES), endpoint.state()
    decision = decide(
        Seen(0, since, time.time(), bad.name, served.name, buckets, EDGES, state), known.release, known.service.online
    )
    assert (decision.act, decision.why[:8]) == ("roll_back", "errors: ")
    assert "and 0.00% of the champion's 80 requests failed" in decision.why


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
