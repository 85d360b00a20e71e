"""The log of predictions in Azure: a look costs what is new, whoever looks, and lines that come late count."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops.platform.azure import predictions
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Bucket, Edges
from tests.emulator.https.blobs import Blobs
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.wire import Request, Response
from tests.mlops.platform.azure.online import person as person
from tests.support.project import Project

EDGES = Edges((100.0,), "score", (0.25, 0.75))
MINUTE, DEPLOYMENTS = 60, ("m000000000001", "m000000000002")
NOW = time.time() // 3600 * 3600 + 60.0
"""Shortly after an hour began."""


@dataclass
class Log:
    """An endpoint with a log that a test writes; `weighed` are the bytes that were listed and read in a look."""

    azure: Azure
    project: Path
    cloud: Cloud
    weighed: dict[str, int] = field(default_factory=dict)

    def write(self, minute: float, lines: int = 2, instance: str = "a", rest: str = "") -> None:
        """What each deployment answered in a minute, as a server's log has it."""
        at = datetime.fromtimestamp(minute, UTC)
        for deployment in DEPLOYMENTS:
            line = {"time": minute + 5, "id": "0" * 64, "deployment": deployment, "model": "shop:1"}
            line |= {"inputs": [{f"feature {number}": 1.5 for number in range(14)}], "outputs": [{"score": 0.5}]}
            name = f"predictions/{at:%Y/%m/%d/%H}/{deployment}-{at:%Y%m%dT%H%M}-1-{instance}.jsonl"
            text = "".join(json.dumps(line) + "\n" for _ in range(lines)) + rest
            self.cloud.blobs.write("stlend", "inference-log", name, text.encode())

    def look(self, until: float, since: float = NOW - 3 * 3600) -> tuple[Bucket, ...]:
        """What a new process sees that holds the lease, at a time when lines until then have come."""
        self.weighed.clear()
        ledger = AzureLedger(self.azure)
        with ledger.lease("dev"):
            found = predictions.seen(self.azure, self.project, since, until, MINUTE, EDGES, ledger)
        return tuple(Bucket(*key, 0, 0, (), *found[key]) for key in sorted(found))


@pytest.fixture
def log(
    azure: Azure, cloud: Cloud, reference: Project, monkeypatch: pytest.MonkeyPatch, person: object
) -> Iterator[Log]:
    log, answer = Log(azure, reference.path, cloud), Blobs.answer

    def weigh(blobs: Blobs, request: Request) -> Response:
        response = answer(blobs, request)
        if request.method == "GET":
            kind = "listed" if request.query.get("comp") == "list" else request.path.split("/")[2]
            log.weighed[kind] = log.weighed.get(kind, 0) + len(response.body)
        return response

    monkeypatch.setattr(Blobs, "answer", weigh)
    yield log
    cloud.blobs.forget()


def total(found: tuple[Bucket, ...]) -> int:
    return sum(sum(each.scores) for each in found)


def test_each_minute_is_read_once(log: Log) -> None:
    start = NOW - 3 * 3600
    for minute in range(45):
        log.write(start + minute * MINUTE)
    first = log.look(start + 30 * MINUTE)
    assert total(first) == 30 * 4 and {each.scores for each in first} == {(0, 2, 0)}
    whole = log.weighed["predictions"]
    assert log.look(start + 30 * MINUTE) == first
    assert "predictions" not in log.weighed
    second = log.look(start + 45 * MINUTE)
    assert total(second) == 45 * 4 and {*first} < {*second}
    assert log.weighed["predictions"] < 0.6 * whole, "fifteen minutes, and the one that was open"
    noted = log.weighed["leases"]
    assert noted < whole / 5
    later = tuple(each for each in second if each.start >= start + 40 * MINUTE)
    assert log.look(start + 45 * MINUTE, since=start + 40 * MINUTE) == later
    assert "predictions" not in log.weighed
    assert log.look(start + 45 * MINUTE) == second


def test_what_comes_late_counts_for_two_hours(log: Log) -> None:
    start = NOW - 3 * 3600
    for minute in (0, 1, 20):
        log.write(start + minute * MINUTE)
    until = start + 30 * MINUTE
    assert total(log.look(until)) == 12
    log.write(start, lines=1, instance="late")
    log.write(start + MINUTE, lines=3)
    assert total(log.look(until)) == 12 + 2 + 2
    log.write(until + 130 * MINUTE)
    assert total(log.look(until + 150 * MINUTE)) == 20
    log.write(start, lines=5, instance="too late")
    assert total(log.look(until + 150 * MINUTE)) == 20
    assert "predictions" not in log.weighed


def test_a_line_that_is_cut_off_waits_for_its_rest(log: Log) -> None:
    start = NOW - 3 * 3600
    log.write(start, rest='{"time": 17')
    log.write(start, instance="b")
    assert total(log.look(start + 10 * MINUTE)) == 8
    log.write(start, lines=3)
    assert total(log.look(start + 10 * MINUTE)) == 10


def test_who_looks_without_the_lease_sees_the_same_and_notes_nothing(log: Log) -> None:
    start = NOW - 3 * 3600
    log.write(start)
    ledger = AzureLedger(log.azure)
    for _ in range(2):
        log.weighed.clear()
        found = predictions.seen(log.azure, log.project, start, start + 10 * MINUTE, MINUTE, EDGES, ledger)
        assert sum(sum(scores) for scores, _ in found.values()) == 4 and log.weighed["predictions"]
    assert ledger.noted() is None


def test_notes_that_are_damaged_or_about_other_bins_are_none(log: Log) -> None:
    start = NOW - 3 * 3600
    log.write(start)
    found = log.look(start + 10 * MINUTE)
    log.cloud.blobs.write("stlend", "ledger", "leases/dev", b'{"form": [1')
    assert log.look(start + 10 * MINUTE) == found
    ledger = AzureLedger(log.azure)
    with ledger.lease("dev"):
        other = predictions.seen(
            log.azure, log.project, start, start + 10 * MINUTE, MINUTE, Edges((100.0,), "score", (0.1,)), ledger
        )
    assert {scores for scores, _ in other.values()} == {(0, 2)}
    assert log.look(start + 10 * MINUTE) == found
