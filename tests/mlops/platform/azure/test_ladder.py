"""A release up its ladder in Azure ML and back: real ticks, real requests, the endpoint and its logs emulated."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from mlops.platform.azure import endpoint, observe
from mlops.platform.azure.client import Azure
from mlops.platform.base import Platform
from mlops.release import batch, start
from mlops.release.tick import Controller, Done
from mlops.settings import load
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.logs import DELAY
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.online import Online, project
from tests.mlops.platform.azure.online import person as person
from tests.mlops.release.making import says
from tests.mlops.release.shops import Shop, eventually
from tests.support.project import Project


@dataclass
class Abroad(Shop):
    """The shop, whose models are signed for here, and whose endpoint is in Azure."""

    online: Online

    @property
    def platform(self) -> Platform:
        return replace(super().platform, endpoint=self.online.endpoint)

    @property
    def controller(self) -> Controller:
        return Controller(self.platform, self.path, load(self.path / "mlops.yaml"), "dev")

    @property
    def default(self) -> str:
        """The deployment that scores tables."""
        [found] = [it for it in self.online.cloud.arm.below(WORKSPACE) if it["type"].endswith("/batchEndpoints")]
        return found["properties"]["defaults"]["deploymentName"]

    def register(self, facts: Mapping[str, Any] | None = None, **evaluation: Any) -> str:
        reference = super().register(facts, **evaluation)
        number = reference.partition(":")[2]
        self.online.bring(self.path / "artifacts" / number, number)
        return reference

    def asked(self, times: int) -> None:
        """Callers ask, from the next span on, as the one in which shares changed does not count."""
        time.sleep(1)
        self.online.ask(times)
        self.online.cloud.arm.clock.advance(minutes=DELAY)


@pytest.fixture
def shop(
    cloud: Cloud, azure: Azure, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Abroad]:
    path = project(tmp_path / "project", reference.path)
    for module, name, seconds in (
        (observe, "SPAN_SECONDS", 1),
        (observe, "DELAY_SECONDS", 7),
        (endpoint, "FOLLOW_SECONDS", 0.0),
    ):
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.syspath_prepend(path / "src")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
    online = Online(cloud, azure, path)
    online.build(says()["image"])
    shop = Abroad(path, online)
    key = shop.platform.signer().public_key
    shop.set("evidence", trusted_keys={each: {key.keyid: key.keyval["public"]} for each in ("local", "dev")})
    yield shop
    online.forget()


def climbed(shop: Abroad, until: str) -> list[str]:
    """What ticks do, one after another, while callers ask in every step."""
    done = list[Done]()
    for _ in range(60):
        done.append(shop.controller.tick())
        if done[-1].act == until:
            return [each.act for each in done if each.act != "wait"]
        if done[-1].act == "wait":
            time.sleep(1)
        else:
            shop.asked(200)
    raise AssertionError(done)


def test_up_the_ladder_and_back(shop: Abroad) -> None:
    first = shop.register()
    start.start(shop.controller, first)
    assert climbed(shop, "champion") == ["deploy", "champion"]
    old = shop.champion
    assert shop.default == old
    start.start(shop.controller, shop.register())
    assert climbed(shop, "champion") == ["deploy", "advance", "advance", "advance", "champion"]
    assert shop.champion == shop.default != old
    state = shop.online.endpoint.state()
    assert (state.traffic, state.mirror) == ({shop.champion: 100}, {})
    start.roll_back(shop.controller, None, "Callers complain")
    assert (shop.online.endpoint.state().traffic, shop.default) == ({old: 100}, old)


def test_one_that_predicts_otherwise_is_rolled_back(shop: Abroad) -> None:
    start.start(shop.controller, shop.register())
    climbed(shop, "champion")
    old = shop.champion
    start.start(shop.controller, shop.register({"shift": 0.4}))
    assert climbed(shop, "rollback")[-1] == "rollback"
    assert shop.story.done and "shift" in shop.story.done.says["why"]
    assert shop.online.endpoint.state().traffic == {old: 100}


def test_who_scores_tables_is_the_default_of_the_batch_endpoint(shop: Abroad) -> None:
    online = shop.online
    (shop.path / "mlops.yaml").write_text(without_callers((shop.path / "mlops.yaml").read_text()))
    pl.DataFrame({"age": range(18, 98), "place": "town"}).write_parquet(rows := shop.path / "visits.parquet")

    batch.start(shop.controller, shop.register(), rows)
    old = shop.champion
    assert shop.default == old
    batch.start(shop.controller, shop.register({"shift": 0.01}), rows)
    lost = shop.default
    assert lost == shop.champion != old
    batch.roll_back(shop.controller, None, "Clerks complain")
    assert shop.default == old
    [found] = [it["id"] for it in online.cloud.arm.below(WORKSPACE) if it["type"].endswith("/batchEndpoints")]
    online.cloud.arm.change_behind(found, "properties.defaults", {"deploymentName": lost})
    shop.controller.tick()
    assert shop.default == old, "what an interruption left is finished"


def without_callers(text: str) -> str:
    plain = yaml.safe_load(text)
    del plain["service"]["online"]
    return yaml.safe_dump(plain)


def test_shares_whose_lines_are_missing_lead_to_hold(shop: Abroad) -> None:
    start.start(shop.controller, shop.register())
    climbed(shop, "champion")
    start.start(shop.controller, shop.register())
    climbed(shop, "advance")
    assert shop.story.opened
    lost, lines = shop.story.opened.challenger.deployment, shop.online.cloud.lines
    shop.asked(200)
    lines[:] = [line for line in lines if line[2]["DeploymentName"] != lost]
    eventually(lambda: shop.controller.tick().act == "hold")
    assert shop.story.done and "answers are in the traffic log" in shop.story.done.says["why"]
