"""One of several trained candidates: the cheapest whose quality is within the noise of the best."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlops.errors import Misuse
from mlops.files import write_json
from mlops.stats import Interval, Metric, paired
from mlops.steps import base, costs
from mlops.steps.package import recipe
from mlops.steps.rows import Rows, read
from mlops.words import pairs


@dataclass(frozen=True)
class Candidate:
    """`behind` is how far the metric is below the best candidate's on the same rows: an interval, None for the best.

    `latency_us` is the median time of a one-row prediction, `cost_s` the seconds that a million rows take in bulk.
    """

    name: str
    metric: float
    behind: Interval | None
    latency_us: float
    cost_s: float

    @property
    def as_good(self) -> bool:
        """Whether it cannot be told from the best: the interval of the difference reaches zero."""
        return self.behind is None or (self.behind.low is not None and self.behind.low <= 0)


def cheapest(candidates: list[Candidate], most_us: float) -> Candidate:
    """The least costly of those as good as the best and fast enough; when none is fast enough, the fastest of them."""
    good = [candidate for candidate in candidates if candidate.as_good]
    fast = [candidate for candidate in good if candidate.latency_us <= most_us]
    return min(fast, key=lambda each: each.cost_s) if fast else min(good, key=lambda each: each.latency_us)


def explained(chosen: Candidate, candidates: list[Candidate], metric: str) -> str:
    best = next(candidate for candidate in candidates if candidate.behind is None)
    costs = f"{chosen.cost_s:.2g} s for a million rows, {chosen.latency_us:.0f} µs for one"
    if chosen is best:
        return f"{chosen.name} is chosen: no cheaper candidate is as good in {metric} ({chosen.metric:.4f}); {costs}."
    near = f"is within the noise of the best, {best.name} with {best.metric:.4f} (behind by {chosen.behind})"
    cheaper = f"and it is cheaper: {costs}, against {best.cost_s:.2g} s"
    return f"{chosen.name} is chosen: its {metric} of {chosen.metric:.4f} {near}, {cheaper}."


def work(given: base.Given, log: base.Log) -> None:
    model = recipe(given.recipe).model
    if given.metric not in model.evaluate.METRICS:
        known = ", ".join(model.evaluate.METRICS)
        raise Misuse(f"`metric` is {given.metric}; METRICS in evaluate.py has {known}. Name one where more is better.")
    rows = read(given.held / "test.parquet", model.contract.ROW)
    folders = {name: Path(path) for name, path in pairs("--candidate", given.candidate).items()}
    predictors = {name: model.predict.Predictor.load(folder) for name, folder in folders.items()}
    candidates = measured(predictors, model.evaluate.METRICS[given.metric], rows)
    chosen = cheapest(candidates, given.most_ms * 1000)
    why = explained(chosen, candidates, given.metric)
    shutil.copytree(folders[chosen.name], given.model, dirs_exist_ok=True)
    shutil.copyfile(pairs("--trained", given.trained)[chosen.name], given.training)
    write_json(given.choice / "choice.json", {"chosen": chosen.name, "why": why, "candidates": candidates})
    log.file(given.choice / "choice.json")
    print(why)


def measured(predictors: Mapping[str, Any], metric: Metric, rows: Rows) -> list[Candidate]:
    """Each candidate's quality, latency and cost, the best in quality first."""
    x, y, weight = rows.x, rows.y, rows.weight
    predictions = {name: predictor.predict(x) for name, predictor in predictors.items()}
    values = {name: metric(y, columns, weight) for name, columns in predictions.items()}
    best, *others = sorted(values, key=lambda name: -values[name])
    behind = {name: paired({name: metric}, y, predictions[best], predictions[name], weight)[name] for name in others}
    found = []
    for name in (best, *others):
        predict = predictors[name].predict
        latency = float(np.median(costs.alone(predict, x))) * 1e3
        found.append(Candidate(name, values[name], behind.get(name), latency, costs.in_bulk(predict, x)))
    return found


if __name__ == "__main__":
    parser = base.arguments(__doc__, "recipe", "held", "model", "choice", "training")
    parser.add_argument("--candidate", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--trained", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--metric", required=True, help="a name of METRICS; more is better")
    parser.add_argument("--most-ms", type=float, required=True, help="the slowest that one row may be")
    base.run(parser, work)
