"""A model that is too large, too slow or too dear to train, or much dearer than the last, does not go into service."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import PositiveFloat

from mlops.gates import limits
from mlops.gates.base import Context, Verdict

id, stage = "cost", "release"

WHAT = {
    "service.online.p95_ms": "one row takes {} ms at the 95th percentile",
    "service.batch.deadline_minutes": "a batch takes {} minutes",
    "training.budget_minutes": "training took {} minutes",
    "gates.cost.most_size_mb": "the artifact has {} MB",
    "gates.cost.most_memory_mb": "training held {} MB in memory",
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


def measure(context: Context) -> Mapping[str, tuple[float, float | None, float | None]]:
    """By the setting that limits it a cost, that of the model in service, and the limit where settings give it."""
    service, training = context.settings.service, context.settings.training
    given = {
        "service.online.p95_ms": service.online.p95_ms if service.online else None,
        "service.batch.deadline_minutes": service.batch.deadline_minutes,
        "training.budget_minutes": training.budget_minutes,
    }
    evaluations = (context.evaluation, context.champion_evaluation)
    new, served = (_costs(each, service.batch.rows) if each else {} for each in evaluations)
    return {setting: (cost, served.get(setting), given.get(setting)) for setting, cost in new.items()}


def check(measured: Mapping[str, tuple[float, float | None, float | None]], limits: Limits) -> Iterator[Verdict]:
    own, times, dearer = limits.model_dump(), limits.most_times_the_champion, False
    for setting, (cost, served, given) in measured.items():
        limit = given or own.get(setting.removeprefix("gates.cost."))
        if limit is None:
            continue
        what = WHAT[setting].format(_shown(cost))
        mend = f"Make the model smaller or simpler, or raise {setting} in mlops.yaml."
        yield Verdict(id, setting, cost, limit, cost <= limit, f"{what}; at most {limit:,g} is allowed.", mend)
        if served is not None and cost > (most := times * max(served, SMALL * limit)):
            dearer, why = True, f"{what}; the model in service {_shown(served)}, and {_shown(most)} is allowed."
            yield Verdict(id, f"{setting} to now", cost, most, False, why, DEARER)
    if not dearer and any(served is not None for _, served, _ in measured.values()):
        why = f"no cost is more than {times:g} times that of the model in service, unless it is small."
        yield Verdict(id, "to now", None, times, True, why)


def _shown(cost: float) -> str:
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"


def _costs(evaluation: Mapping[str, Any], rows: int) -> dict[str, float]:
    costs, training = evaluation["costs"], evaluation["training"]
    minutes = costs["seconds_per_million"] * rows / 1e6 / 60
    found = (costs["p95_ms"], minutes, training["seconds"] / 60, costs["size_mb"], training["peak_mb"])
    return dict(zip(WHAT, found, strict=True))
