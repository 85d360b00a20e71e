"""A model that is too large, too slow or too dear to train, or much dearer than the last, does not go into service."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import PositiveFloat

from mlops.gates import limits
from mlops.gates.base import Context, Verdict

id, stage = "cost", "release"


@dataclass(frozen=True)
class Costs:
    """What a model costs, or what it may; None where nothing says that."""

    row_ms: float | None
    batch_minutes: float | None
    training_minutes: float | None
    size_mb: float | None = None
    memory_mb: float | None = None


WHAT = {
    "row_ms": ("service.online.p95_ms", "one row takes {} ms at the 95th percentile"),
    "batch_minutes": ("service.batch.deadline_minutes", "a batch takes {} minutes"),
    "training_minutes": ("training.budget_minutes", "training took {} minutes"),
    "size_mb": ("gates.cost.most_size_mb", "the artifact has {} MB"),
    "memory_mb": ("gates.cost.most_memory_mb", "training held {} MB in memory"),
}
"""The setting that limits a cost, and the cost in words."""
DEARER = "Make the model smaller or simpler, or raise gates.cost.most_times_the_champion in mlops.yaml and say why."
SMALL = 0.1
"""Below this share of its limit a cost is small, whatever the champion's."""


class Limits(limits.Limits):
    most_size_mb: PositiveFloat = 500
    """The artifact, in MB."""
    most_memory_mb: PositiveFloat = 16_000
    """What training may hold in memory, in MB."""
    most_times_the_champion: PositiveFloat = 2
    """How many times as much as the model in service the new one may cost, where it is no small cost."""


def measure(context: Context) -> tuple[Costs, Costs | None, Costs]:
    """What the model costs, what the one in service if there is one, and what settings outside of gates allow."""
    service, training, champion = context.settings.service, context.settings.training, context.champion_evaluation
    row = service.online.p95_ms if service.online else None
    allowed = Costs(row, service.batch.deadline_minutes, training.budget_minutes)
    rows = service.batch.rows
    return _costs(context.evaluation, rows), _costs(champion, rows) if champion else None, allowed


def check(measured: tuple[Costs, Costs | None, Costs], limits: Limits) -> Iterator[Verdict]:
    new, served, allowed = measured
    allowed = replace(allowed, size_mb=limits.most_size_mb, memory_mb=limits.most_memory_mb)
    times, dearer = limits.most_times_the_champion, False
    for name, (setting, words) in WHAT.items():
        cost, now, limit = getattr(new, name), getattr(served, name, None), getattr(allowed, name)
        if limit is None:
            continue
        what = words.format(_shown(cost))
        mend = f"Make the model smaller or simpler, or raise {setting} in mlops.yaml."
        yield Verdict(id, setting, cost, limit, cost <= limit, f"{what}; at most {limit:,g} is allowed.", mend)
        if now is not None and cost > (most := times * max(now, SMALL * limit)):
            dearer, why = True, f"{what}; the model in service {_shown(now)}, and {_shown(most)} is allowed."
            yield Verdict(id, f"{setting} to now", cost, most, False, why, DEARER)
    if served and not dearer:
        why = f"no cost is more than {times:g} times that of the model in service, unless it is small."
        yield Verdict(id, "to now", None, times, True, why)


def _shown(cost: float) -> str:
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"


def _costs(evaluation: Mapping[str, Any], rows: int) -> Costs:
    costs, training = evaluation["costs"], evaluation["training"]
    minutes = costs["seconds_per_million"] * rows / 1e6 / 60
    return Costs(costs["p95_ms"], minutes, training["seconds"] / 60, costs["size_mb"], training["peak_mb"])
