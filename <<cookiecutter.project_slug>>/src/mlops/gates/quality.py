"""A model passes whose metrics keep their limits and that is better than its baselines and than today's process.

Each is judged at the worse end of its interval.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import FiniteFloat, model_validator

from mlops.gates import limits
from mlops.gates.base import Context, Verdict, judged
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


Measured = tuple[Mapping[str, Any], float]
"""What the step evaluate found, and the business figure from which on the model is worth using."""


def measure(context: Context) -> Measured:
    return context.evaluation, context.settings.outcome.go


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    evaluation, go = measured
    metrics, outcome = _intervals(evaluation["metrics"]), evaluation["outcome"]
    compared = {name: _intervals(baseline["difference"]) for name, baseline in evaluation["baselines"].items()}
    if not limits.floors and not limits.ceilings:
        next_step = "Name one in gates.quality.floors or ceilings in mlops.yaml."
        yield Verdict(id, "limits", None, None, False, "no metric has a limit.", next_step)
    for metric, floor in limits.floors.items():
        yield _judge(metric, metrics.get(metric), "at least", floor, _named(metric, metrics))
    for metric, ceiling in limits.ceilings.items():
        yield _judge(metric, metrics.get(metric), "at most", ceiling, _named(metric, metrics))
    if not limits.beats_baselines_on or not compared:
        next_step = "Name one in gates.quality.beats_baselines_on, and a baseline in BASELINES."
        yield Verdict(id, "baselines", None, None, False, "no metric is compared with a baseline.", next_step)
    for metric in limits.beats_baselines_on:
        rule = "below" if metric in limits.ceilings else "above"
        for baseline, differences in compared.items():
            yield _judge(f"{metric} minus that of {baseline}", differences.get(metric), rule, 0)
    yield _judge("outcome", Interval.of(outcome), "at least", go)
    if limits.beats_today:
        over_today = Interval.of(outcome["difference"]) if "difference" in outcome else None
        yield _judge("outcome minus that of today", over_today, "above", 0, NO_TODAY)


def _named(metric: str, metrics: Mapping[str, Any]) -> str:
    return f"METRICS in evaluate.py has no `{metric}`: {meant(metric, metrics)}"


def _intervals(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, Interval]:
    return {name: Interval.of(interval) for name, interval in plain.items()}
