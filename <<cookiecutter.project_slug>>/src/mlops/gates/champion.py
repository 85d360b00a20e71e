"""A model passes that is better than the one in service: on the same rows, at the worse end of each difference."""

from collections.abc import Iterator, Mapping

import polars as pl
from pydantic import FiniteFloat

from mlops import carried, digest
from mlops.contract.encode import encode
from mlops.gates import limits, quality
from mlops.gates.base import Context, Verdict, judged
from mlops.settings import Settings
from mlops.specs.load import meant
from mlops.stats import Interval, Metric, paired

id, stage = "champion", "model"

MEND = "Improve the model, or allow a loss in mlops.yaml: `gates: {champion: {better_by: {outcome: -5}, reason: …}}`."


class Limits(limits.Limits):
    better_by: dict[str, FiniteFloat] = {"outcome": 0.0}
    """By how much more `outcome`, and metrics with a floor or a ceiling in `gates.quality`, must be better than the
    champion's: 0 for any gain that is more than noise; below 0, how much may be lost."""

    def check_with(self, known: Settings) -> None:
        limited = known.limits(quality.id, quality.Limits)
        names = ("outcome", *limited.floors, *limited.ceilings)
        for name in {*self.better_by}.difference(names):
            what = f"`gates.champion.better_by.{name}` is neither `outcome` nor limited in `gates.quality`"
            raise known.wrong(f"{what}: {meant(name, names)}", "gates", id, "better_by", name)


def measure(context: Context) -> Mapping[str, Interval] | str:
    """By how much the model is better than the champion, by figure; or why it is compared with none."""
    if "champion" not in context.files:
        return "no model is in service yet: there is nothing to be better than."
    champion = carried.artifact(context.files["champion"])
    if digest.of_folder(context.files["model"]) == digest.of_folder(champion):
        return "it is the model that is in service."
    limits, evaluate = context.settings.limits(quality.id, quality.Limits), context.package.evaluate
    figures = {"outcome": evaluate.outcome}
    figures |= {name: metric for name, metric in evaluate.METRICS.items() if name in limits.floors}
    figures |= {name: less(metric) for name, metric in evaluate.METRICS.items() if name in limits.ceilings}
    _, rows, ours = context.tested
    with carried.package(champion) as own:
        x = encode(pl.read_parquet(context.files["rows"] / "test.parquet"), own.contract.ROW.features)
        theirs = own.predict.Predictor.load(champion).predict(x)
    return paired(figures, rows.y, ours, theirs, rows.weight)


def less(metric: Metric) -> Metric:
    """The figure turned, where less of it is better."""
    return lambda y, predictions, weight: -metric(y, predictions, weight)


def check(measured: Mapping[str, Interval] | str, limits: Limits) -> Iterator[Verdict]:
    if isinstance(measured, str):
        return (yield Verdict(id, "champion", None, None, True, measured))
    for name, margin in limits.better_by.items():
        absent = f"gates.champion.better_by names it: {meant(name, measured)}"
        yield judged(id, MEND, f"gain in {name}", measured.get(name), "above", margin, absent)
