"""What the counts of a step show about the challenger, guard by guard."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from mlops.platform.endpoint import Bucket, Edges
from mlops.release import sequential
from mlops.release.settings import Guards
from mlops.settings import Online

ALPHA = 0.05
"""The most releases, of those that are as good as their champion, in which a guard ever shows anything."""
OVER = 0.05
"""The most answers that may be slower than the limit of the service, which is one of the 95th percentile."""


@dataclass(frozen=True)
class Evidence:
    """How often something happens that should not be more frequent than with the champion, or than at all allowed.

    Of `of` requests, predictions or outcomes the share `challenger`, and likewise the champion's. How much more often
    it truly happens is between `low` and `high`, at all looks together: `low` above `allowed` shows too much. Without
    `champion_of` nothing is compared, and the bounds are those of the share itself.
    """

    guard: str
    what: str
    challenger: float
    of: int
    champion: float
    champion_of: int
    low: float
    high: float
    allowed: float

    @property
    def shown(self) -> bool:
        return self.low > self.allowed

    def __str__(self) -> str:
        theirs = f" and {self.champion:.2%} of the champion's {self.champion_of:,}" if self.champion_of else ""
        reach = f"at least {self.low:.2%}" if self.shown else f"{self.low:.2%} to {self.high:.2%}"
        more = " more" if self.champion_of else ""
        return f"{self.challenger:.2%} of {self.of:,}{theirs} {self.what}: {reach}{more}, {self.allowed:.2%} is allowed"


@dataclass(frozen=True)
class Count:
    """How often something happened, of how many; `most` is the share of it that the service allows, if it says so."""

    guard: str
    what: str
    events: float
    of: float
    most: float | None = None


def total(buckets: Iterable[Bucket], deployment: str | None, began: float, edges: Edges) -> Bucket:
    """All that a deployment did since the step began. Of buckets that start at the same time the last one counts."""
    own = {each.start: each for each in buckets if each.deployment == deployment and each.start >= began}.values()
    none = Bucket("", began, 0, 0, (0,) * (len(edges.latency) + 1), (0,) * (len(edges.scores) + 1))

    def added(name: str):
        return np.sum([getattr(each, name) for each in (none, *own)], axis=0).tolist()

    counts = (tuple(added(name)) for name in ("latency", "scores", "outcomes"))
    return Bucket(deployment or "", began, added("requests"), added("errors"), *counts)


def alphas(steps: int, edges: Edges) -> dict[str, float]:
    """What each comparison of a guard may spend of ALPHA: guards and steps share it equally, and so do all lines that
    a guard draws."""
    lines = {"errors": 2, "latency": len(edges.latency) + 1, "shift": len(edges.scores) + 1, "outcome": 1}
    return {guard: ALPHA / (steps * len(lines) * number) for guard, number in lines.items()}


def judge(
    ours: Bucket, theirs: Bucket, guards: Guards, edges: Edges, online: Online, steps: int
) -> tuple[Evidence, ...]:
    """What looks worst of each guard, compared with the champion, and what looks worst of each promise of the service.

    A promise that the champion does not keep either is left out: going back would mend nothing. Where the champion
    answers nothing, it may be broken by as much as a challenger may be worse.
    """
    alpha, nobody = alphas(steps, edges), Count("", "", 0, 0)
    both = zip(counts(ours, edges, online), counts(theirs, edges, online), strict=True)
    cases = [(here, there, getattr(guards, here.guard).allowed) for here, there in both if here.of]
    kept = [
        (here, nobody, here.most + (0 if there.of else allowed))
        for here, there, allowed in cases
        if here.most and there.events <= here.most * there.of
    ]
    cases = [case for case in cases if case[1].of] + kept
    columns = [(here.events, here.of, there.events, there.of, alpha[here.guard]) for here, there, _ in cases]
    lows, highs = sequential.shares(*np.reshape(columns, (-1, 5)).T)
    found = [
        Evidence(
            here.guard, here.what, here.events / here.of, int(here.of), there.events / (there.of or 1), int(there.of),
            float(low) + (not there.of), float(high), allowed,
        )
        for (here, there, allowed), low, high in zip(cases, lows, highs, strict=True)
    ]  # fmt: skip
    found += _numbers(ours, theirs, guards.outcome.allowed, alpha["outcome"])
    found.sort(key=lambda each: each.low - each.allowed)
    return tuple({(each.guard, each.champion_of > 0): each for each in found}.values())


def counts(bucket: Bucket, edges: Edges, online: Online) -> Iterator[Count]:
    """All that is compared as a share. Predictions may move either way, so both sides of a line in them count."""
    yield Count("errors", "requests failed", bucket.errors, bucket.requests, 1 - online.availability)
    limit, answers = bisect_left(edges.latency, online.p95_ms), sum(bucket.latency)
    for place, (edge, fast) in enumerate(zip(edges.latency, accumulate(bucket.latency), strict=False)):
        most = OVER if place == limit else None
        yield Count("latency", f"answers took over {edge:.3g} ms", answers - fast, answers, most)
    predictions = sum(bucket.scores)
    classes = isinstance(edges.scores[0], str)
    for edge, events in zip(edges.scores, bucket.scores if classes else accumulate(bucket.scores), strict=False):
        so, not_so = ("are", "are not") if classes else (f"have a {edges.column} up to", f"have a {edges.column} over")
        at = edge if classes else f"{edge:.3g}"
        yield Count("shift", f"predictions {so} {at}", events, predictions)
        yield Count("shift", f"predictions {not_so} {at}", predictions - events, predictions)
    of, right, squares = bucket.outcomes
    yield Count("outcome", "predictions turned out wrong", of - right, of if right == squares else 0)


def _numbers(ours: Bucket, theirs: Bucket, allowed: float, alpha: float) -> Iterator[Evidence]:
    """Outcomes that are no matter of right or wrong, once there are some."""
    (of, worth, squares), (base_of, base_worth, base_squares) = ours.outcomes, theirs.outcomes
    if min(of, base_of) >= sequential.FEW and (worth, base_worth) != (squares, base_squares):
        low, high = sequential.means(theirs.outcomes, ours.outcomes, alpha)
        what = "of the outcomes' variance is left unexplained"
        yield Evidence("outcome", what, -worth / of, int(of), -base_worth / base_of, int(base_of), low, high, allowed)
