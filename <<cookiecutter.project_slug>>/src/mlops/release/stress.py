"""What a deployment bears, before it has callers: a ramp to three times its saturation, and how it recovers."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10, sqrt
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from mlops.evidence.report import curves, render
from mlops.evidence.statements import Statement
from mlops.files import write_text
from mlops.platform.endpoint import Door
from mlops.release.load import Load
from mlops.release.state import Version
from mlops.settings import Online

BUSY = 32
"""So many callers who ask again as soon as they are answered saturate a deployment."""
STEPS = (0.1, 0.3, 0.6, 1.0, 3.0)
"""Rates that are offered, as parts of what those are answered."""
HALVINGS = 3
"""So many more rates are offered, each halfway between the highest that was borne and the next: the capacity is then
known to a seventh, since the widest gap is one of three times."""
RECOVERY = 10.0
"""Seconds after which a deployment has to be well again."""
LEAST = 1 / 3
"""Part of the champion's capacity that is clearly less: of one server, on a busy machine, 0.42 has been measured."""


@dataclass(frozen=True)
class Point:
    """One rate: requests a second that were offered and that were answered, milliseconds until then, share refused."""

    offered: float
    accepted: float
    p50: float | None
    p95: float | None
    rejected: float

    def holds(self, online: Online) -> bool:
        """Whether it is as callers were promised."""
        return self.p95 is not None and self.p95 <= online.p95_ms and self.rejected <= 1 - online.availability


@dataclass(frozen=True)
class Stress:
    """`capacity_rps` is the highest rate at which all was as promised, 0 if there was none.

    `recovery_seconds` passed from the last request of the overload until it was so again; None: it never was.
    """

    capacity_rps: float
    points: tuple[Point, ...]
    recovery_seconds: float | None


def picture(project: Path, version: Version) -> Path:
    return project / ".mlops" / "release" / f"{version.deployment}.svg"


def recorded(decided: Iterable[Statement], champion: Version | None) -> Mapping[str, Any] | None:
    """What was found of the champion when it was new, if it was put under load then."""
    told = [each.says.get("stress") for each in decided if champion and each.subjects == champion.subject]
    return next(filter(None, reversed(told)), None)


def test(
    door: Door, bodies: Sequence[bytes], online: Online, seconds: float, champion: Mapping[str, Any] | None
) -> tuple[Stress, list[str]]:
    """Put a deployment under load for about so many seconds; returns what was found and why it is refused, if it is.

    Before that it is tried once more: what else a machine does makes a server slower, and never faster.
    """
    for _ in range(2):
        found = measured(door, bodies, online, seconds)
        if not (why := [*refused(found, online, champion)]):
            break
    return found, why


def measured(door: Door, bodies: Sequence[bytes], online: Online, seconds: float) -> Stress:
    """A second or two more for each rate that is not borne."""
    return asyncio.run(_measured(door, bodies, online, seconds))


async def _measured(door: Door, bodies: Sequence[bytes], online: Online, seconds: float) -> Stress:
    span, patience, random = seconds / (len(STEPS) + HALVINGS + 3), max(1.0, 2 * online.p95_ms / 1000), Random(0)

    async def offered(rate: float) -> Point:
        load = Load(door, bodies, patience)
        await load.by_the_clock(sorted(random.random() * span for _ in range(max(1, round(rate * span)))))
        return _point(load.heard, span)

    began, load = time.monotonic(), Load(door, bodies, patience)
    await load.by_turns(BUSY, span)
    most, needed = _point(load.heard, time.monotonic() - began).accepted, online.requests_per_second
    rates = sorted({min(needed, most), *(most * step for step in STEPS)}) if most else [needed]
    points, recovery = [await offered(rate) for rate in rates[:-1]], None
    ended = time.monotonic() + span
    points.append(await offered(rates[-1]))
    while borne(points, online) and recovery is None and (since := time.monotonic() - ended) <= RECOVERY:
        recovery = since if (await offered(rates[0])).holds(online) else None
    for _ in range(HALVINGS):
        if recovery is not None and (rate := between(points, online)):
            points.append(await offered(rate))
    return Stress(borne(points, online), tuple(sorted(points, key=lambda each: each.offered)), recovery)


def borne(points: Sequence[Point], online: Online) -> float:
    """The highest rate at which all was as promised; 0 if there was none."""
    return max((each.offered for each in points if each.holds(online)), default=0.0)


def between(points: Sequence[Point], online: Online) -> float | None:
    """The rate halfway, in proportion, from the highest that was borne to the next one; None where that is missing."""
    low = borne(points, online)
    return sqrt(low * min(over)) if (over := [each.offered for each in points if each.offered > low > 0]) else None


def _point(heard: Sequence[float | None], seconds: float) -> Point:
    took = [1000 * each for each in heard if each]
    p50, p95 = map(float, np.quantile(took, (0.5, 0.95))) if took else (None, None)
    return Point(len(heard) / seconds, len(took) / seconds, p50, p95, 1 - len(took) / len(heard))


def refused(found: Stress, online: Online, champion: Mapping[str, Any] | None) -> Iterator[str]:
    """Why a deployment must not have callers, with what to do. `champion` is what was found of it, when it was new."""
    promised, bears = online.requests_per_second, f"it bears {found.capacity_rps:,.0f} requests per second"
    smaller = "Was the machine busy? Then start it again later. Else make the model smaller, or give it more instances."
    if found.capacity_rps < promised:
        limits = f"(95 % within {online.p95_ms:g} ms, {online.availability:.2%} answered)"
        yield f"{bears} {limits}, and `service.online` promises {promised:,g}. {smaller} Or promise less."
    elif champion and found.capacity_rps < LEAST * champion["capacity_rps"]:
        before = f"what the champion did when it was new: {champion['capacity_rps']:,.0f}"
        yield f"{bears}, less than a third of {before}. {smaller}"
    if found.capacity_rps and found.recovery_seconds is None:
        told = f"{RECOVERY:g} seconds after {found.points[-1].offered:,.0f} requests per second it was still not well."
        yield f"{told} Let fewer requests wait: `max_concurrent_requests_per_instance`."


def draw(found: Mapping[str, Any], name: str, online: Online, to: Path) -> None:
    """Write a picture (SVG) of what was found. Raises Failure when the disk refuses."""
    most = {name: max(each[name] or 0 for each in found["points"]) for name in ("offered", "accepted", "p95")}
    axes = {name: curves.ticks(0, most[name]) for name in ("offered", "accepted")}
    decades = range(ceil(log10(max(most["p95"], online.p95_ms))) + 1)
    templates = render.environment(Path(__file__).parent)
    templates.filters["log10"] = log10
    seen = {**found, "name": name, "online": online, "axes": axes, "decades": decades}
    text = templates.get_template("stress.svg.j2").render(seen)
    write_text(to, text)
