"""One look at a release, one decision, one act. What is decided is signed first, and what was signed is then done."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlops.errors import Failure, Misuse, Refused
from mlops.evidence import entries
from mlops.evidence.statements import Statement
from mlops.platform.base import Platform
from mlops.platform.endpoint import Edges, EndpointState, Unhealthy
from mlops.release import rules, smoke, state, stress
from mlops.release.decide import Decision, Seen, bereft, decide
from mlops.release.state import Opened, Story, Version
from mlops.release.stress import Stress
from mlops.settings import Settings


@dataclass(frozen=True)
class Done:
    """What a tick did, and why. `status` is 1 when it gave all requests back to the champion, else 0."""

    act: str
    why: str
    status: int = 0


@dataclass(frozen=True)
class Controller:
    """What is released in an environment, and who may change it: whoever holds the lease."""

    platform: Platform
    project: Path
    known: Settings
    environment: str

    def tick(self) -> Done:
        """Finish what was decided before; else look, decide and act. Raises Busy while another holds the lease."""
        with self.platform.ledger.lease(self.environment):
            signed, story = self.read()
            if self.known.service.online is None:
                self.switch(story)
                why = "there is no endpoint: `mlops release start MODEL --input FILE` does all at once."
                return Done("nothing", why)
            found = self.platform.endpoint.state()
            done = self.settle(story, found) or self._move(signed, story, found) or self._clear(story, found)
            return done or Done("nothing", "no release is open.")

    def read(self) -> tuple[list[Statement], Story]:
        """What is signed, and what it comes to. Raises Misuse when an entry of the ledger cannot be believed."""
        signed, faults = entries.read(self.platform, self.known)
        if faults:
            raise Misuse(f"{faults[0]} Until then nothing is decided.")
        return signed, state.told(entries.lasting(state.entries(signed, self.environment), self.platform))

    def switch(self, story: Story) -> None:
        """Let the champion be the one that scores tables."""
        if story.champion:
            self.platform.endpoint.switch(story.champion.deployed(self.project))

    def stopped(self, signed: list[Statement]) -> bool:
        """Whether the project is, and nobody has let it go on here."""
        stop, resumed = entries.stopped(signed)
        return bool(stop) and self.environment not in resumed

    def sign(
        self, kind: str, version: Version, why: str, traffic: Mapping, mirror: Mapping | None = None, **says: Any
    ) -> None:
        handles = {"model": version.model, "deployment": version.deployment, "image": version.image, "why": why}
        said = {**handles, "traffic": traffic, "mirror": mirror or {}, **says}
        entries.add(self.platform, self.known, self.environment, kind, version.subject, said)

    def settle(self, story: Story, found: EndpointState) -> Done | None:
        """Bring the endpoint to what was decided last, in one act; None when it is there."""
        endpoint, opened = self.platform.endpoint, story.opened
        challenger, new = (opened.challenger, opened.step < 0) if opened else (None, False)
        if new and (room := self._clear(story, found)):
            return room
        for version in story.serving:
            there = found.deployments.get(version.deployment)
            if there is None or (new and version == challenger and there.state != "healthy"):
                try:
                    if there and there.state == "failed":
                        endpoint.remove(version.deployment)
                    endpoint.deploy(version.deployed(self.project))
                except (Unhealthy, Refused) as error:
                    if version != challenger:
                        raise Failure(f"{version.model} cannot be deployed: {error}") from error
                    return self.roll_back(story, f"it did not start. {str(error).splitlines()[0]}")
                return Done("deploy", f"{version.model} runs as {version.deployment}.")
        if moves := (found.traffic, found.mirror) != (story.traffic, story.mirror):
            try:
                endpoint.traffic(story.traffic, story.mirror)
            except Refused as error:
                if challenger and found.deployments[challenger.deployment].state == "failed":
                    return self.roll_back(story, f"it failed before it had the requests of its step. {error.what}")
                raise Failure(f"the endpoint does not take what was decided: {error.what}") from error
        self.switch(story)
        return said(story) if moves else None

    def roll_back(self, story: Story, why: str, **says: Any) -> Done:
        """Let the challenger lose."""
        assert story.opened
        shares = {story.champion.deployment: 100} if story.champion else {}
        return self._decide("rollback", story.opened.challenger, why, shares, **says)

    def promote(self, version: Version, why: str, **says: Any) -> Done:
        """Let a deployed version be the champion."""
        return self._decide("champion", version, why, {version.deployment: 100}, **says)

    def _decide(self, kind: str, version: Version, why: str, *traffic: Mapping[str, int], **says: Any) -> Done:
        """Sign what is to be, then do it. Raises Refused for what the endpoint would not take."""
        found = self.platform.endpoint.state()
        if kind != "rollback":
            rules.shared(found, *traffic, *({},) * (2 - len(traffic)))
        self.sign(kind, version, why, *traffic, **says)
        story = self.read()[1]
        return self.settle(story, found) or said(story)

    def _move(self, signed: list[Statement], story: Story, found: EndpointState) -> Done | None:
        opened, champion = story.opened, story.champion
        if opened is None:
            return None
        back, stressed = bool(champion and opened.straight), None
        if opened.step < 0:
            decision, stressed = self._tried(opened, champion, state.entries(signed, self.environment))
            if champion and decision.act == "advance" and (what := bereft(found, champion.deployment)):
                decision = Decision("hold", what)
        else:
            decision = self._judged(opened, champion, found)
        if not back and self.stopped(signed) and decision.act in ("advance", "promote"):
            decision = Decision("hold", f"the project is stopped, so it does not go on, though {decision.why}")
        says: dict[str, Any] = {"evidence": decision.evidence, "stress": stressed}
        match decision.act:
            case "advance":
                assert champion
                says |= {"act": "advance", "step": opened.step + 1}
                step = opened.settings.ladder[opened.step + 1]
                traffic = state.wanted(step, opened.challenger.deployment, champion.deployment)
                return self._decide("decision", opened.challenger, decision.why, *traffic, **says)
            case "promote":
                return self.promote(opened.challenger, decision.why, **says)
            case "roll_back":
                return self.roll_back(story, decision.why, **says)
            case "hold" if not opened.held:
                says |= {"act": "hold", "step": opened.step}
                self.sign("decision", opened.challenger, decision.why, story.traffic, story.mirror, **says)
        return Done(decision.act, decision.why)

    def _tried(
        self, opened: Opened, champion: Version | None, decided: Iterable[Statement]
    ) -> tuple[Decision, Stress | None]:
        """What is to be done with a challenger that nobody has called. On the way back there is no time for stress, and
        one that is held was tried before."""
        act = "advance" if champion and not opened.straight else "promote"
        if opened.held:
            return Decision(act, "its tests passed."), None
        challenger, seconds = opened.challenger, opened.settings.stress_seconds
        door = self.platform.endpoint.door(challenger.deployment)
        request = self.platform.models.get(challenger.model).lineage["evaluation"]["request"]
        if wrong := smoke.test(door, request):
            return Decision("roll_back", f"the smoke test failed: {challenger.deployment} {wrong}"), None
        why = "the smoke test passed."
        if not seconds or champion and opened.straight:
            return Decision(act, why), None
        bodies = [json.dumps({"rows": [row]}).encode() for row in smoke.rows(request, 0)]
        found, refused = stress.test(door, bodies, opened.online, seconds, stress.recorded(decided, champion))
        stress.draw(asdict(found), challenger.model, opened.online, stress.picture(self.project, challenger))
        if refused:
            return Decision("roll_back", f"the stress test failed: {' '.join(refused)}"), found
        return Decision(act, f"{why} It bears {found.capacity_rps:,.0f} requests per second."), found

    def _judged(self, opened: Opened, champion: Version | None, found: EndpointState) -> Decision:
        """What is to be done next with what callers saw."""
        endpoint, challenger = self.platform.endpoint, opened.challenger
        edges, name = Edges(**opened.edges), champion.deployment if champion else None
        began = max(opened.began, found.since)
        buckets = endpoint.observe(began, edges)
        seen = Seen(opened.step, began, time.time(), challenger.deployment, name, buckets, edges, found)
        return decide(seen, opened.settings, opened.online)

    def _clear(self, story: Story, found: EndpointState) -> Done | None:
        """Remove a deployment that has neither requests nor a reason to stay."""
        for version in story.leaving(time.time() - self.known.release.keep_warm_hours * 3600):
            name = version.deployment
            if name in found.deployments and name not in {**found.traffic, **found.mirror}:
                self.platform.endpoint.remove(name)
                return Done("remove", f"{name} ({version.model}) has had its time.")
        return None


def said(story: Story) -> Done:
    """The last decision, as what was done."""
    assert story.done
    act = story.done.says.get("act", story.done.kind)
    return Done(act, story.done.says["why"], int(story.done.kind == "rollback"))
