"""How a release stands, for people and scripts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlops.errors import Failure, MlopsError
from mlops.evidence import build, entries
from mlops.evidence.compare import recorded
from mlops.evidence.evaluation import Evaluation
from mlops.evidence.statements import Statement
from mlops.gates import staleness
from mlops.gates.base import Context
from mlops.gates.run import judge
from mlops.platform.endpoint import Edges, EndpointState
from mlops.release import stress
from mlops.release.guards import total
from mlops.release.state import Opened, Story, Version
from mlops.release.tick import Controller
from mlops.words import counted


@dataclass(frozen=True)
class Status:
    """`said` is a text, or texts, by what it is about.

    `stale`: a step has outlived its time and nobody decided, or, where that was asked, what is in service is too old.
    """

    said: Mapping[str, str | list[str]]
    endpoint: EndpointState
    stale: bool


def status(controller: Controller, stale: bool = False) -> Status:
    """How it stands; where nothing is being released, also whether what is in service is `stale`."""
    (signed, story), found = controller.read(), controller.platform.endpoint.state()
    champion, opened = story.champion, story.opened
    said: dict[str, str | list[str]] = {"in service": champion.model if champion else "nothing yet"}
    ended, resumed = entries.stopped(signed)
    if ended and controller.environment not in resumed:
        said = {"stopped": entries.said(ended), **said}
    if opened:
        at = step(controller, opened, found)
        said |= {"being released": opened.challenger.model, "step": at, "held": opened.held}
    back = champion if opened else story.before
    said["rollback to"] = back.model if back else f"no model: nothing was in service before. {story.forward}"
    said["address"] = controller.platform.endpoint.address or "none, nothing answers"
    shown = opened.challenger if opened else champion
    if shown and (picture := stress.picture(controller.project, shown)).exists():
        said["stress test"] = str(picture)
    said["deployments"] = [_deployment(name, story, found) for name in found.deployments] or "none runs"
    for name in [each.deployment for each in story.lost if each.deployment in found.deployments][-1:]:
        try:
            said[f"log of {name}"] = controller.platform.endpoint.logs(name)
        except Failure as error:
            said[f"log of {name}"] = error.what
    if (found.traffic, found.mirror) != (story.traffic, story.mirror):
        what = "is not yet as was decided last" if found.deployments else "is stopped, or was removed"
        said["to do"] = f"the endpoint {what}: mlops release tick --on {controller.environment} brings it there"
    if stale and champion and not opened and (old := _aged(controller, signed, champion)):
        said["too old"] = old
    return Status(said, found, "too old" in said or bool(opened) and opened.late(time.time()))


def served(controller: Controller) -> dict[str, Any]:
    """The model in service and what was measured of it, or `why` that is not known; and what is being released."""
    signed, story = controller.read()
    opened, version = story.opened, story.champion
    found: dict[str, Any] = {"model": None, "release": opened.challenger.model if opened else None}
    if version:
        found |= {"model": version.model, "digest": version.digest}
        try:
            measured = build.current(controller.platform.models.get(version.model), signed).lineage["evaluation"]
            found |= {"metrics": recorded(Evaluation(measured)), "rows": measured["rows"]}
        except MlopsError as error:
            found["why"] = str(error)
    return found


def _aged(controller: Controller, signed: list[Statement], champion: Version) -> list[str]:
    """Why a model is too old to serve, by the gate staleness."""
    measured = build.current(controller.platform.models.get(champion.model), signed).lineage["evaluation"]
    context = Context(controller.known, {}, evaluation=measured, responsible_ai=controller.project / "responsible_ai")
    old = [each for each in judge("release", context) if each.gate == staleness.id and not each.stands]
    return [f"{each.why} {each.next_step}" for each in old]


def step(controller: Controller, opened: Opened, found: EndpointState) -> str:
    """How far it is."""
    if opened.step < 0:
        tried = "tried" if opened.held else "not yet tried, or a tick is at it: mlops release tick"
        return f"0 of {len(opened.settings.ladder)}: {tried}"
    step, began = opened.settings.ladder[opened.step], max(opened.began, found.since)
    edges = replace(Edges(**opened.edges), scores=())
    ours = total(controller.platform.endpoint.observe(began, edges), opened.challenger.deployment, began, edges)
    traffic = f"{step.mirror} % copied" if step.mirror else f"{step.share} % of the requests"
    asked = f"{ours.requests:,} of {step.requests:,} requests, {ours.errors:,} failed"
    seen = f"{asked}, {counted(round((time.time() - began) / 60), 'minute')}"
    return f"{opened.step + 1} of {len(opened.settings.ladder)}: {traffic}; {seen}"


def _deployment(name: str, story: Story, found: EndpointState) -> str:
    it, live, copied = found.deployments[name], found.traffic.get(name), found.mirror.get(name)
    shares = [f"{live} % live"] * bool(live) + [f"{copied} % copied"] * bool(copied)
    lost = {each.deployment: f", {story.against(each)}" for each in story.lost}
    who = {story.before.deployment: ", the champion before", **lost} if story.before else lost
    idle = f"no traffic. To remove it: mlops release remove {name}" if name in lost else "no traffic"
    return f"{name} ({it.model}{who.get(name, '')}) {it.state}, {' and '.join(shares) or idle}. {it.why}".rstrip()
