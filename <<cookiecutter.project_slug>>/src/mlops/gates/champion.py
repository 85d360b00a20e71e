"""A model passes that is better than the one in service: on the same rows, at the worse end of each difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import FiniteFloat

from mlops import digest
from mlops.gates import limits, quality
from mlops.gates.base import Context, Stage, Verdict
from mlops.gates.judging import judged
from mlops.specs.load import meant
from mlops.stats import Interval, Metric, paired

id = "champion"
stage: Stage = "model"

MEND = "Improve the model, or keep the one in service; gates.champion.better_by says how much better it must be."


class Limits(limits.Limits):
    better_by: dict[str, FiniteFloat] = {"outcome": 0.0}
    """By how much more `outcome`, and metrics with a floor or a ceiling in `gates.quality`, must be better than the
    champion's: 0 for any gain that is more than noise; below 0, how much may be lost."""


@dataclass(frozen=True)
class Measured:
    """By how much the model is better than the champion, by figure; nothing when there is none, or it is the same."""

    gains: Mapping[str, Interval]
    why_not: str = ""


def measure(context: Context) -> Measured:
    if "champion" not in context.files:
        return Measured({}, "no model is in service yet: there is nothing to be better than.")
    if digest.of_folder(context.files["model"]) == digest.of_folder(context.files["champion"]):
        return Measured({}, "it is the model that is in service.")
    assert context.package
    limits, evaluate = context.settings.limits(quality.id, quality.Limits), context.package.evaluate
    figures = {"outcome": evaluate.outcome}
    figures |= {name: metric for name, metric in evaluate.METRICS.items() if name in limits.floors}
    figures |= {name: less(metric) for name, metric in evaluate.METRICS.items() if name in limits.ceilings}
    _, rows, ours = context.tested
    return Measured(paired(figures, rows.y, ours, context.predictor("champion").predict(rows.x), rows.weight))


def less(metric: Metric) -> Metric:
    """The figure turned, where less of it is better."""
    return lambda y, predictions, weight: -metric(y, predictions, weight)


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    if measured.why_not:
        yield Verdict(id, "champion", None, None, True, measured.why_not)
        return
    for name, margin in limits.better_by.items():
        absent = f"gates.champion.better_by names it: {meant(name, measured.gains)}"
        yield judged(id, MEND, f"gain in {name}", measured.gains.get(name), "above", margin, absent)
