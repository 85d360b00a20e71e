"""What to do next with a release: pure, from what was seen to one act and a sentence that says why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mlops.platform.endpoint import Bucket, Edges, EndpointState
from mlops.release.guards import Evidence, judge, total
from mlops.release.settings import Release, Step
from mlops.settings import Online
from mlops.words import counted

HOUR = 3600
BLIND = 2 * HOUR
"""After so many seconds nothing must still be unseen: the logs of Azure are up to an hour late."""
ENOUGH = 50
"""Of so many that are expected less than half is no chance."""

Act = Literal["wait", "hold", "advance", "promote", "roll_back"]
"""`wait`: nothing to do yet; `hold`: nothing to do, and somebody should look; `advance`: to the next step;
`promote`: the ladder is done, the challenger is the champion; `roll_back`: all requests to the champion again."""


@dataclass(frozen=True)
class Seen:
    """A release at one moment.

    `step` counts from 0 in `release.ladder`; `began` (when the step's traffic was set) and `now` are seconds since
    1970. `buckets` are those of the step, of any deployment; earlier ones are left out. `champion` is None in a first
    release, which only what holds for itself can judge.
    """

    step: int
    began: float
    now: float
    challenger: str
    champion: str | None
    buckets: Iterable[Bucket]
    edges: Edges
    state: EndpointState


@dataclass(frozen=True)
class Decision:
    act: Act
    why: str
    evidence: tuple[Evidence, ...] = ()


def decide(seen: Seen, release: Release, online: Online) -> Decision:
    """The next act. In this order:

    1. the challenger is unhealthy: roll back; the champion is: hold, since nothing good is left to go back to;
    2. a guard shows too much: roll back;
    3. of what the challenger must have done less than half is seen: hold, and roll back when nothing is after BLIND;
    4. the time of the step is over: what `on_timeout` says, and roll back where nothing was seen;
    5. enough requests and minutes: advance, or promote after the last step.
    """
    step, elapsed = release.ladder[seen.step], seen.now - seen.began
    buckets = [*seen.buckets]
    ours, theirs = (total(buckets, name, seen.began, seen.edges) for name in (seen.challenger, seen.champion))
    evidence = judge(ours, theirs, release.guards, seen.edges, online, len(release.ladder))

    def act(act: Act, why: str) -> Decision:
        return Decision(act, why, evidence)

    if what := _ill(seen.state, seen.challenger):
        return act("roll_back", what)
    if what := bereft(seen.state, seen.champion):
        return act("hold", what)
    if shown := [each for each in evidence if each.shown]:
        return act("roll_back", "; ".join(f"{each.guard}: {each}" for each in shown) + ".")
    late, unseen = elapsed > step.hours * HOUR, _unseen(ours, theirs, step)
    least = f" of at least {step.minutes:g}" if step.minutes else ""
    so_far = f"{ours.requests:,} of {step.requests:,} requests in {counted(round(elapsed / 60), 'minute')}{least}"
    if late or unseen:
        nothing = not (ours.requests and sum(ours.scores))
        back = nothing and (late or elapsed > BLIND) or late and release.on_timeout == "rollback"
        why = unseen or f"the step may take {step.hours:g} hours, which are over: {so_far}."
        return act("roll_back" if back else "hold", why)
    if ours.requests < step.requests or elapsed < step.minutes * 60:
        return act("wait", f"{so_far}.")
    return act("promote" if seen.step + 1 == len(release.ladder) else "advance", f"no guard shows anything: {so_far}.")


def bereft(state: EndpointState, champion: str | None) -> str:
    """Why nothing good is left to go back to, if that is so."""
    if champion and (what := _ill(state, champion)):
        return f"the champion {what} Nothing good is left to go back to: mend it, or promote the challenger."
    return ""


def _ill(state: EndpointState, deployment: str) -> str:
    found = state.deployments[deployment]
    return f"{deployment} is not healthy: {found.why}" if found.state == "failed" else ""


def _unseen(ours: Bucket, theirs: Bucket, step: Step) -> str | None:
    """Which half of what the challenger must have done is not seen, if there is enough to miss."""
    live = step.share or 0
    ratio = (step.mirror or 0) / 100 or (live / (100 - live) if live < 100 else 0)
    logged = min(sum(theirs.scores) / max(theirs.requests - theirs.errors, 1), 1) or 1
    answered = ours.requests - ours.errors
    for what, found, due in (
        ("answers are in the traffic log", ours.requests, theirs.requests * ratio),
        ("predictions are in the log of predictions", sum(ours.scores), answered * logged),
    ):
        if due >= ENOUGH and found < due / 2:
            return f"only {found:,} of some {due:,.0f} {what} that the challenger must have given."
    return None
