"""A whole ladder under the identities of CI, with the rights of infra/roles.py and no others, in staging and in prod.

`deploy` opens it, `operate` leads it where there is one, `reader` and people who watch look at it.
"""

import ast
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from mlops.errors import Failure
from mlops.evidence import checklist, entries
from mlops.platform.azure import endpoint, observe
from mlops.platform.base import Platform
from mlops.release import start, state
from mlops.release.status import served, status
from mlops.release.tick import Controller, Done
from tests.emulator.access import ASSIGNMENTS
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.logs import DELAY
from tests.emulator.ids import Id
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.online import Online
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.test_where_models_are_made import Place, platform, train
from tests.mlops.platform.azure.test_where_models_are_made import names as names
from tests.mlops.platform.azure.test_where_models_are_made import place as place
from tests.support.azure_env import PROJECT

pytestmark = pytest.mark.long
PROGRAM = PROJECT.parent / "infra" / "organisation" / "rights.py"


def own_pages(environment: str) -> str:
    """The condition that the organisation's program writes, without the engine that it needs."""
    wanted = ("BLOBS", "own_pages")
    parts = [
        each
        for each in ast.parse(PROGRAM.read_text()).body
        if getattr(each, "name", "") in wanted
        or isinstance(each, ast.Assign)
        and getattr(each.targets[0], "id", "") in wanted
    ]
    exec(compile(ast.Module(parts, []), str(PROGRAM), "exec"), found := dict[str, Any]())
    return found["own_pages"](environment)


class Ladder:
    """A release of models that are there, each act by whom CI lets do it."""

    def __init__(self, place: Place, on: str) -> None:
        self.place, self.on = place, on

    def by(self, who: str) -> Controller:
        """As a new process of somebody has it."""
        here = platform(self.place.act(who, self.on), self.place.path)
        limit(self.place.cloud, self.on)
        return Controller(here, self.place.path, self.place.known, self.on)

    def sign_offs(self, here: Platform) -> None:
        """Whoever has to has looked at the models."""
        known = self.place.known
        asked = checklist.required(checklist.load(self.place.path / "responsible_ai", known))
        for model in here.models.list():
            for role in sorted({each.role for each in asked.values()}):
                facts = {"role": role, "who": known.people.signs[role][0], "model": model.digest}
                entries.add(here, known, self.on, "sign-off", model.lineage["system"], facts)

    def start(self, reference: str) -> list[str]:
        """`mlops release start` goes on until the model has its first requests."""
        start.start(self.by("deploy"), reference)
        done = [self.by("deploy").tick()]
        while done[-1].act in ("deploy", "remove"):
            done.append(self.by("deploy").tick())
        return [each.act for each in done]

    def climb(self, who: str) -> list[str]:
        """Ticks, one after another, while callers ask."""
        done = list[Done]()
        for _ in range(40):
            self.ask(200)
            done.append(self.by(who).tick())
            if done[-1].act in ("champion", "rollback"):
                return [each.act for each in done if each.act != "wait"]
        raise AssertionError(done)

    def ask(self, times: int) -> None:
        time.sleep(1)
        Online(self.place.cloud, self.place.act("deploy", self.on), self.place.path).ask(times)
        self.place.cloud.arm.clock.advance(minutes=DELAY)

    @property
    def champion(self) -> str:
        """Of the ledger, of the callers and of the tables: all the same."""
        story = self.by("reader").read()[1]
        assert story.champion
        found = [it["properties"] for it in self.place.cloud.arm.below(WORKSPACE) if "Endpoints" in it.get("type", "")]
        [batch] = [it["defaults"]["deploymentName"] for it in found if it.get("defaults")]
        [live] = [it["traffic"] for it in found if it.get("traffic")]
        assert (batch, live) == (story.champion.deployment, {story.champion.deployment: 100})
        return story.champion.model


def limit(cloud: Cloud, environment: str) -> None:
    """Who acts on releases of an environment writes over its lease, and adds to its pages, and to nothing else."""
    role = str(uuid.uuid5(uuid.NAMESPACE_URL, "MLOps Ledger Controller"))
    for document in cloud.arm.store.documents.values():
        if Id(document["id"]).kind == ASSIGNMENTS and document["properties"]["roleDefinitionId"].endswith(role):
            document["properties"] |= {"condition": own_pages(environment), "conditionVersion": "2.0"}


@pytest.mark.parametrize(("on", "made", "leads"), [("staging", "dev", "deploy"), ("prod", "prod", "operate")])
def test_a_whole_ladder(
    place: Callable[[str], Place], on: str, made: str, leads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, seconds in (
        (observe, "SPAN_SECONDS", 1),
        (observe, "DELAY_SECONDS", 7),
        (endpoint, "FOLLOW_SECONDS", 0.0),
    ):
        monkeypatch.setattr(module, name, seconds)
    there = place(made)
    maker = there.enter(made)
    for salt in (1, 2, 3):
        train(there, maker, made, salt)
        if made == "dev":
            maker.models.share("shop")
    if made == "dev":
        there.forget("environments")
        there.forget("models")
    here, ladder = there.enter(on), Ladder(there, on)
    ladder.sign_offs(here)

    assert ladder.start("shop:1") == ["deploy", "champion"]
    assert ladder.champion == "shop:1"
    assert ladder.start("shop:2") == ["deploy", "advance"]
    ladder.ask(50)
    ladder.by(leads).tick()
    for who in ("reader", "operators"):
        said = status(ladder.by(who)).said
        assert "requests" in said["step"] and said["being released"] == "shop:2"
        assert len(state.entries(ladder.by(who).read()[0], on)) >= 3
        known = served(ladder.by(who))
        assert (known["model"], known["release"], known.get("why")) == ("shop:1", "shop:2", None)
        with pytest.raises(Failure, match="docs/rights.md"):
            ladder.by(who).tick()
    assert ladder.climb(leads)[-1] == "champion"
    assert ladder.champion == "shop:2"

    start.roll_back(ladder.by(leads), None, "Callers complain")
    assert ladder.champion == "shop:1"
    assert ladder.start("shop:3")[-1] == "advance"
    start.promote(ladder.by(leads), "No time to wait")
    assert ladder.champion == "shop:3"
    start.roll_back(ladder.by(leads), "shop:2", "It was better")
    while (done := ladder.by(leads).tick()).act in ("deploy", "remove"):
        pass
    assert ladder.champion == "shop:2", done
    found, own = here.endpoint.state(), ladder.by(leads).platform.endpoint
    assert "answers at" in own.logs(next(iter(found.traffic)))
    own.remove(next(name for name in found.deployments if name not in found.traffic))
    Online(there.cloud, there.act("deploy", on), there.path).forget()
