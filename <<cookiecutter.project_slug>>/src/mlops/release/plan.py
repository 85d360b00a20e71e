"""How long a ladder takes at the traffic that the service states, and whether it can see what it promises to see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlops.errors import Misuse
from mlops.platform.endpoint import Edges
from mlops.release import sequential
from mlops.release.guards import alphas
from mlops.release.settings import Guards, Step
from mlops.settings import Online, Settings

LINES = Edges((0.0,) * 11, "score", (0.0,) * 19)
"""As many as are drawn through latency and predictions."""
NINE_OF_TEN = 1.2816
"""Of a normal distribution nine tenths lie above its mean minus so many standard deviations."""
GUARDS = ("errors", "latency", "shift")
"""That must catch what they promise. When outcomes come is not known here."""
UNITS = ((24, "days"), (1, "h"), (1 / 60, "min"))
HEADS = ("step", "requests", "takes", "at most", *(f"{name} after" for name in Guards.model_fields))
REQUESTS = np.unique(np.geomspace(10, 1e7, 600).round())


@dataclass(frozen=True)
class Planned:
    """A step at the stated traffic. `needed` are the challenger's requests (outcomes, for the guard of that name) after
    which each guard has caught what it promises in nine of ten releases; infinite where it never does."""

    step: Step
    days: float
    needed: Mapping[str, float]


def plan(known: Settings) -> list[Planned]:
    """What each step takes and sees. Raises Misuse with every reason for which the ladder does not do what it says."""
    release, online = known.release, known.service.online
    if not online:
        raise known.wrong("without `service.online` there are no requests to share, and so no ladder.", "service")
    alpha = alphas(len(release.ladder), LINES)
    found = [_planned(step, release.guards, online, alpha) for step in release.ladder]
    if wrong := [*_shape(release.ladder), *_short(found, online)]:
        raise Misuse("\n".join(str(known.wrong(f"`release.ladder` {what}", "release", "ladder")) for what in wrong))
    return found


def rows(planned: Sequence[Planned]) -> Iterator[tuple[str, ...]]:
    """A table of it, under HEADS."""
    for each in planned:
        step, hours = each.step, each.days * 24
        size, unit = next((size, unit) for size, unit in UNITS if hours >= 2 * size or unit == "min")
        said = {name: f"{needed:,.0f}".replace("inf", "never") for name, needed in each.needed.items()}
        needed = (said.get(name, "not compared") for name in Guards.model_fields)
        who = f"{step.mirror} % copied" if step.mirror else f"{step.share} %"
        yield who, f"{step.requests:,}", f"{hours / size:.0f} {unit}", f"{step.hours:g} h", *needed


def _planned(step: Step, guards: Guards, online: Online, alpha: Mapping[str, float]) -> Planned:
    part = (step.mirror or step.share or 0) / 100
    seconds = max(step.requests / (online.requests_per_second * part), step.minutes * 60)
    ratio = 1 / part if step.mirror else (1 - part) / part
    compared = guards if ratio else ()
    needed = {name: _needed(name, guard.allowed, guard.detects, ratio, online, alpha) for name, guard in compared}
    return Planned(step, seconds / 86_400, needed)


def _needed(
    guard: str, allowed: float, detects: float, ratio: float, online: Online, alpha: Mapping[str, float]
) -> float:
    """The champion answers `ratio` times as many; it fails as often as the service allows, and of all else it has about
    a half, where differences are hardest to see."""
    base = 1 - online.availability if guard == "errors" else (1 - detects) / 2
    chance = min(base + detects, 1)
    error = np.sqrt((chance * (1 - chance) + base * (1 - base) / ratio) / REQUESTS)
    events = np.maximum(chance - NINE_OF_TEN * error, 0) * REQUESTS
    each = np.full(REQUESTS.shape, alpha[guard])
    low, _ = sequential.shares(events, REQUESTS, base * ratio * REQUESTS, ratio * REQUESTS, each)
    caught = REQUESTS[low > allowed]
    return float(caught[0]) if len(caught) else np.inf


def _shape(ladder: Sequence[Step]) -> Iterator[str]:
    shares = [step.share or 0 for step in ladder]
    if shares[-1] != 100 or 100 in shares[:-1]:
        yield "must end with `share: 100`, and have it only there."
    if shares != sorted(shares):
        yield "goes down: copies come before shares, and shares only grow."


def _short(planned: Sequence[Planned], online: Online) -> Iterator[str]:
    for number, each in enumerate(planned, 1):
        step, hours = each.step, each.days * 24
        if hours > step.hours:
            what = f"takes {hours:.3g} hours at {online.requests_per_second:g} requests per second"
            yield f"step {number} {what}, and has {step.hours:g}: raise its `hours`, or lower its `requests`."
        for guard in GUARDS:
            if (needed := each.needed.get(guard, 0)) > step.requests:
                when = f"only after {needed:,.0f} requests" if needed < np.inf else "never"
                mend = f"raise its `requests`, or `guards.{guard}.detects`."
                yield f"step {number} catches what `{guard}` promises {when}: {mend}"
