"""What a person does to a release: open one, end it before its time, go back."""

import tempfile
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from mlops.errors import Misuse, Refused
from mlops.evidence import build
from mlops.evidence.git import person
from mlops.evidence.statements import Statement
from mlops.evidence.verify import verify
from mlops.release.observe import edges
from mlops.release.plan import plan
from mlops.release.state import Story, Version
from mlops.release.status import step
from mlops.release.tick import Controller, Done, said


def start(controller: Controller, reference: str) -> Done:
    """Open the release of a model, if all that is signed about it holds, or go on with it. Ticks do the rest."""
    seconds = controller.known.release.stress_seconds
    with controller.platform.ledger.lease(controller.environment):
        signed, story = controller.read()
        if Version.of(controller.platform.models.get(reference)) in story.serving[-1:]:
            done = controller.settle(story, controller.platform.endpoint.state())
            return done or (said(story) if story.opened else in_service(controller, story))
        version = admitted(controller, reference, story)
        controller.platform.endpoint.prepare(version.deployed(controller.project))
        _open(controller, signed, story, version, "everything signed about it holds.")
    trial = f"Before its first request there is a stress test, of about {seconds:g} s." if seconds else ""
    return Done("release", f"{version.model} is being released.{_against(story, version)} {trial}".rstrip())


def admitted(controller: Controller, reference: str, story: Story) -> Version:
    """A version that may be released. Raises Refused with all that speaks against it, Misuse where one is already."""
    platform, on = controller.platform, controller.environment
    if story.opened:
        ways = "Let `mlops release tick` go on with it, or end it: `mlops release promote` or `rollback`."
        raise Misuse(f"{story.opened.challenger.model} is being released on {on}. {ways}")
    version = Version.of(platform.models.get(reference))
    with tempfile.TemporaryDirectory() as scratch:
        found = verify(reference, on, platform, controller.project, controller.known, date.today(), Path(scratch))
    if wrong := [each for each in found if not each.stands]:
        names = (each.subject if each.gate == "evidence" else each.gate for each in wrong)
        lines = (f"  {name}: {each.why} {each.next_step}".rstrip() for name, each in zip(names, wrong, strict=True))
        raise Refused("\n".join((f"{version.model} may not be released on {on}:", *lines)))
    return version


def in_service(controller: Controller, story: Story) -> Done:
    """What a command says that has nothing left to do, such as in a job of CI that is run again."""
    assert story.champion
    return Done("nothing", f"{story.champion.model} is in service on {controller.environment} already.")


def promote(controller: Controller, reason: str, reference: str | None = None) -> Done:
    """Let the challenger take all requests now, whatever is left of its ladder. With a reference only that model, and
    nothing is done when it has them: raises Refused where it was given back, Misuse where it is not released."""
    with controller.platform.ledger.lease(controller.environment):
        signed, story = controller.read()
        model = reference and Version.of(controller.platform.models.get(reference))
        if model and (story.opened.challenger if story.opened else story.champion) != model:
            if against := story.against(model):
                raise Refused(f"{model.model} is not promoted: it was {against}")
            how = f"mlops release start {model.model} --on {controller.environment}"
            raise Misuse(f"{model.model} is not being released on {controller.environment}. To release it: {how}")
        if model and not story.opened:
            return in_service(controller, story)
        if story.opened is None or story.opened.step < 0 and not story.opened.held:
            raise Misuse("there is no challenger that passed its tests. `mlops release start MODEL` brings one there.")
        if controller.stopped(signed):
            raise Refused("the project is stopped, and nothing is promoted until its owner signs again.")
        who, at = person(controller.project), step(controller, story.opened, controller.platform.endpoint.state())
        why = f"{who} promoted it: {reason} (cut short in step {at})"
        return controller.promote(story.opened.challenger, why, who=who)


def roll_back(controller: Controller, reference: str | None, reason: str) -> Done:
    """Give requests back: to the champion while a release is open, else to a version that was champion before."""
    with controller.platform.ledger.lease(controller.environment):
        (signed, story), who = controller.read(), person(controller.project)
        why = f"{who} rolled back: {reason}"
        if story.opened and reference is None:
            return controller.roll_back(story, why, who=who)
        if story.opened:
            raise Misuse("a release is open. Roll that back first: `mlops release rollback` without --to.")
        target = earlier(controller, reference, story)
        there = controller.platform.endpoint.state().deployments.get(target.deployment)
        if there and there.state == "healthy":
            done = controller.promote(target, why, who=who, act="rollback")
        else:
            _open(controller, signed, story, target, why, back=True)
            slow = f"{target.model} is not running any more: it is deployed again, which takes longer."
            done = Done("redeploy", slow)
        return replace(done, why=done.why + _against(story, target))


def _against(story: Story, version: Version) -> str:
    """What was said when a version was rolled back, if it was not released since."""
    return f" ({version.model} was {against})" if (against := story.against(version)) else ""


def _open(
    controller: Controller, signed: list[Statement], story: Story, version: Version, why: str, back: bool = False
) -> None:
    """`back`: what is there has to go, so there is no ladder; nor is there one with nothing to compare with."""
    known, model = controller.known, controller.platform.models.get(version.model)
    straight = back or story.champion is None
    if not straight:
        plan(known)
    online, predicted = known.service.online, build.current(model, signed).lineage["evaluation"]["predicted"]
    assert online
    says: dict[str, Any] = {"settings": known.release.model_dump(mode="json"), "online": online.model_dump(mode="json")}
    says |= {"edges": asdict(edges(online, predicted)), "straight": straight, "who": person(controller.project)}
    says |= {"act": "rollback"} if back else {}
    controller.sign("release", version, why, story.traffic, story.mirror, **says)


def earlier(controller: Controller, reference: str | None, story: Story) -> Version:
    """A version that was champion before: the one that a reference names, else the one before the present one."""
    on, now = controller.environment, story.champion
    if reference:
        digest = controller.platform.models.get(reference).digest
        if now and now.digest == digest:
            raise Misuse(f"{now.model} is in service on {on} already.")
        found = [each for each in story.champions if each.digest == digest]
        sentence = f"{reference} was not in service before on {on}. Release it: mlops release start {reference}"
    else:
        found = [story.before] if story.before else []
        sentence = f"nothing was in service before {now.model if now else 'the first model'} on {on}. {story.forward}"
    if not found:
        raise Misuse(sentence)
    return found[-1]
