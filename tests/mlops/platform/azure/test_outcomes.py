"""Outcomes in Azure: added once, under hashes of the log's key, joined with what was predicted, and decided on."""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from mlops.errors import Failure
from mlops.evidence.statements import Statement
from mlops.platform.azure import endpoint, observe, outcomes
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from mlops.platform.endpoint import Edges
from mlops.release import start, state
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.routes.logs import DELAY
from tests.emulator.rules.assets import located
from tests.emulator.world import GROUP, IDENTITY, VAULT, WORKSPACE
from tests.mlops.platform.azure import online as parts_of
from tests.mlops.platform.azure.conftest import exported
from tests.mlops.platform.azure.held import hold
from tests.mlops.platform.azure.online import PATHS, Online, project
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.test_ladder import Abroad, climbed
from tests.mlops.platform.azure.test_ladder import shop as shop
from tests.mlops.release.shops import eventually
from tests.support.project import Project

KEY = f"{VAULT}/keys/inference-log"
EDGES = Edges((0.001, 60000.0), "score", (0.25, 0.75))
HEADS = "request_id,outcome,time,decision"
ci = parts_of.person


@pytest.fixture(scope="module")
def names(cloud: Cloud) -> Names:
    made = cloud.arm.put(OWNER, KEY, {"properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["sign"]}})
    return replace(exported(cloud), log_key_id=made["properties"]["keyUriWithVersion"])


@pytest.fixture(scope="module")
def person(cloud: Cloud, names: Names, ci: Principal) -> Principal:
    """CI after a merge, which may sign with keys of the group."""
    cloud.arm.assign(cloud.arm.store.documents[IDENTITY]["properties"]["principalId"], "Key Vault Crypto User", KEY)
    hold(cloud.arm, ci.id, "MLOps Signer", GROUP)
    return ci


@pytest.fixture
def online(
    cloud: Cloud, azure: Azure, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Online]:
    """An endpoint with a deployment, whose spans of a second are over at once."""
    for module, name, seconds in (
        (observe, "SPAN_SECONDS", 1),
        (observe, "DELAY_SECONDS", 0),
        (endpoint, "FOLLOW_SECONDS", 0),
    ):
        monkeypatch.setattr(module, name, seconds)
    online = Online(cloud, azure, project(tmp_path / "project", reference.path))
    monkeypatch.syspath_prepend(online.path / "src")
    online.build()
    new = online.version()
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    yield online
    online.forget()


def add(online: Online, *lines: str, name: str = "outcomes.csv") -> dict[str, int]:
    now = datetime.now(UTC)
    (online.path / name).write_text("\n".join((HEADS, *lines)) + "\n")
    label = import_module("shop.contract").ROW.one("label")
    return dict(online.endpoint.add_outcomes(online.path / name, label, now, now - timedelta(days=30)))


def parts(online: Online) -> dict[str, bytes]:
    account, container, path = located(f"{PATHS}/mlops/outcomes/", online.cloud.arm, WORKSPACE)
    return online.cloud.blobs.all(account, container, path)


def asked(online: Online, requests: Sequence[str]) -> None:
    for each in requests:
        online.ask(id=each)


def test_outcomes_are_joined_with_what_was_predicted_and_count_once(online: Online) -> None:
    since, moment = time.time() - 1, datetime.now(UTC) - timedelta(minutes=1)
    asked(online, ["one", "two", "three"])
    log = online.cloud.blobs
    eventually(lambda: sum(it.count(b"\n") for it in log.all("stlend", "inference-log").values()) == 3)
    time.sleep(1)

    def worth() -> list[float]:
        return [sum(each) for each in zip(*(it.outcomes for it in online.endpoint.observe(since, EDGES)), strict=True)]

    before = online.endpoint.observe(since, EDGES)
    assert worth() == [0, 0, 0]
    lines = [f"one,true,{moment},yes", f"two,false,{moment},no", f"nobody,true,{moment},yes"]
    counts = add(online, *lines)
    assert (counts["new"], counts["stored"]) == (3, 3)
    assert worth() == [2, 1, 1], "its score of 0.4 is a no"
    assert [replace(it, outcomes=(0, 0, 0)) for it in online.endpoint.observe(since, EDGES)] == [*before]
    kept = parts(online)
    assert len(kept) == 1 and b"nobody" not in b"".join(kept.values())
    counts = add(online, *lines)
    assert (counts["duplicate"], counts["stored"]) == (3, 0)
    assert (parts(online), worth()) == (kept, [2, 1, 1])
    add(online, f"two,true,{moment + timedelta(seconds=9)},yes", name="later.csv")
    assert worth() == [2, 0, 0], "the later one counts"


def test_outcomes_from_before_a_step_are_not_even_read(online: Online) -> None:
    asked(online, ["one"])
    add(online, f"one,true,{datetime.now(UTC) - timedelta(minutes=1)},yes")
    for since, found in ((time.time() - 60, True), (time.time() + 7200, False)):
        before = len(online.cloud.journal)
        assert (outcomes.since(online.azure, since) is not None) is found
        read = [it for it in online.cloud.calls(before) if it.method == "GET" and "comp=list" not in it.route]
        assert any("blob.core" in it.route for it in read) is found


def test_who_may_not_sign_for_the_ids_adds_nothing(online: Online, as_person: AsPerson) -> None:
    azure = as_person("somebody who uploads", {"Reader": GROUP, "Storage Blob Data Contributor": GROUP})
    with pytest.raises(Failure, match="may not|not authorized|docs/rights.md"):
        add(Online(online.cloud, azure, online.path), f"one,true,{datetime.now(UTC) - timedelta(minutes=1)},yes")
    assert not parts(online)


class Told(Abroad):
    """A shop in which everybody buys, and comes back to say so."""

    def asked(self, times: int) -> None:
        time.sleep(1)
        requests = [uuid.uuid4().hex for _ in range(times)]
        asked(self.online, requests)
        self.online.cloud.arm.clock.advance(minutes=DELAY)
        add(self.online, *(f"{each},true,{datetime.now(UTC)},yes" for each in requests), name=f"{requests[0]}.csv")


def decided(shop: Abroad) -> list[Statement]:
    return state.entries(shop.controller.read()[0], "dev")


@pytest.mark.long
def test_outcomes_decide(shop: Abroad) -> None:
    """One that is right where the champion is wrong takes its place; one that is wrong again does not."""
    shop = Told(shop.path, shop.online)
    alike = {"column": "score", "edges": [0.1, 0.9]}
    start.start(shop.controller, shop.register(predicted=alike))
    climbed(shop, "champion")
    start.start(shop.controller, shop.register({"shift": 0.2}, predicted=alike))
    assert climbed(shop, "champion") == ["deploy", "advance", "advance", "advance", "champion"]
    better = shop.champion
    found = [each for entry in decided(shop) for each in entry.says.get("evidence", ()) if each["guard"] == "outcome"]
    assert any((each["challenger"], each["champion"]) == (0, 1) and each["of"] >= 10 for each in found), found
    start.start(shop.controller, shop.register(predicted=alike))
    assert climbed(shop, "rollback")[-1] == "rollback"
    assert shop.story.done and "turned out wrong" in shop.story.done.says["why"]
    assert shop.online.endpoint.state().traffic == {better: 100}
