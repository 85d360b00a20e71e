"""A model passes whose metrics keep their limits and that is better than its baselines and than today's process.

Each is judged at the worse end of its interval.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import FiniteFloat, model_validator

from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.gates.judging import judged
from mlops.specs.load import meant
from mlops.stats import Interval

id, stage = "quality", "model"

NO_TODAY = "Say today's process in `today` of evaluate.py, or set gates.quality.beats_today to false and say why."
IMPROVE = "Improve the model, or change the limit in mlops.yaml and say why."

_judge = partial(judged, id, IMPROVE)


class Limits(limits.Limits):
    """At least one metric has a limit, and at least one is compared with the baselines."""

    floors: dict[str, FiniteFloat] = {}
    """The least value of each metric where more is better."""
    ceilings: dict[str, FiniteFloat] = {}
    """The greatest value of each metric where less is better."""
    beats_baselines_on: list[str] = []
    """Metrics, each with a floor or a ceiling, on which the model must beat every baseline."""
    beats_today: bool = True
    """Whether the business figure must be better than that of today's process."""

    @model_validator(mode="after")
    def directions(self) -> "Limits":
        for metric in self.beats_baselines_on:
            if (metric in self.floors) == (metric in self.ceilings):
                raise ValueError(f"`{metric}` needs a floor or a ceiling, which says whether more or less is better")
        return self


@dataclass(frozen=True)
class Measured:
    """Metrics; by baseline, the differences to its metrics; the business figure, that minus today's, its go value."""

    metrics: Mapping[str, Interval]
    differences: Mapping[str, Mapping[str, Interval]]
    outcome: Interval
    over_today: Interval | None
    go: float


def measure(context: Context) -> Measured:
    evaluation = context.evaluation
    outcome = evaluation["outcome"]
    return Measured(
        metrics=_intervals(evaluation["metrics"]),
        differences={name: _intervals(baseline["difference"]) for name, baseline in evaluation["baselines"].items()},
        outcome=Interval.of(outcome),
        over_today=Interval.of(outcome["difference"]) if "difference" in outcome else None,
        go=context.settings.outcome.go,
    )


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    if not limits.floors and not limits.ceilings:
        next_step = "Name one in gates.quality.floors or ceilings in mlops.yaml."
        yield Verdict(id, "limits", None, None, False, "no metric has a limit.", next_step)
    for metric, floor in limits.floors.items():
        yield _judge(metric, measured.metrics.get(metric), "at least", floor, named(metric, measured))
    for metric, ceiling in limits.ceilings.items():
        yield _judge(metric, measured.metrics.get(metric), "at most", ceiling, named(metric, measured))
    if not limits.beats_baselines_on or not measured.differences:
        next_step = "Name one in gates.quality.beats_baselines_on, and a baseline in BASELINES."
        yield Verdict(id, "baselines", None, None, False, "no metric is compared with a baseline.", next_step)
    for metric in limits.beats_baselines_on:
        rule = "below" if metric in limits.ceilings else "above"
        for baseline, differences in measured.differences.items():
            yield _judge(f"{metric} minus that of {baseline}", differences.get(metric), rule, 0)
    yield _judge("outcome", measured.outcome, "at least", measured.go)
    if limits.beats_today:
        yield _judge("outcome minus that of today", measured.over_today, "above", 0, NO_TODAY)


def named(metric: str, measured: Measured) -> str:
    return f"METRICS in evaluate.py has no `{metric}`: {meant(metric, measured.metrics)}"


def _intervals(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, Interval]:
    return {name: Interval.of(interval) for name, interval in plain.items()}
