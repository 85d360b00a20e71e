"""The model and its baselines on rows that no training saw: metrics.json, and predictions.parquet to compare by."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from mlops import digest
from mlops.contract import request
from mlops.contract.types import Column, Columns, Contract
from mlops.files import read_json, replacing, write_json
from mlops.stats import Interval, bootstrap, paired
from mlops.steps import base, costs, slices
from mlops.steps.importance import importance
from mlops.steps.package import recipe
from mlops.steps.rows import Rows, read

KEPT = ("role", "dtype", "unit", "categories", "about")
"""What metrics.json says of each column that is kept with the predictions, so that their codes can be read."""


def work(given: base.Given, log: base.Log) -> None:
    model = recipe(given.recipe).model
    metrics, row = model.evaluate.METRICS, model.contract.ROW
    first = dict(list(metrics.items())[:1])
    rows = read(given.rows / "test.parquet", row)
    load = model.predict.Predictor.load
    predictor = load(given.model)
    predictions = predictor.predict(rows.x)
    baselines = {path.name: load(path).predict(rows.x) for path in sorted(given.baselines.iterdir())}
    result = {
        "model": digest.of_folder(given.model),
        "rows": len(rows.y),
        "metrics": bootstrap(metrics, rows.y, predictions, rows.weight),
        "columns": {column.name: {about: getattr(column, about) for about in KEPT} for column in kept(row)},
        "groups": {each.name: slices.groups(metrics, each, rows, predictions) for each in row.sensitive},
        "slices": {each.name: slices.slices(metrics, each, rows, predictions) for each in row.features},
        "importance": importance(first | {"outcome": model.evaluate.outcome}, rows, predictor.predict),
        "baselines": {name: compared(metrics, rows, predictions, other) for name, other in baselines.items()},
        "outcome": outcome(model.evaluate, rows, predictions),
        "training": read_json(given.training),
        "costs": costs.measured(given.model, predictor.predict, rows.x),
        "request": request.schema(row),
        "newest": newest(row, rows.every),
        "predicted": predicted(row, predictions),
    }
    write_json(given.evaluation / "metrics.json", result)
    write_predictions(given.evaluation / "predictions.parquet", row, rows, predictions)
    log.file(given.evaluation / "metrics.json")
    for name, interval in (*result["metrics"].items(), ("outcome", Interval.of(result["outcome"]))):
        log.metrics({name: interval.value, f"{name}.low": interval.low, f"{name}.high": interval.high})


def compared(metrics: Mapping, rows: Rows, ours: Columns, other: Columns) -> dict[str, Any]:
    return {
        "metrics": bootstrap(metrics, rows.y, other, rows.weight),
        "difference": paired(metrics, rows.y, ours, other, rows.weight),
    }


def outcome(evaluate: Any, rows: Rows, predictions: Columns) -> dict[str, Any]:
    """The business figure, and the same for today's process where the package can say how that works."""
    figure = {"outcome": evaluate.outcome}
    result: dict[str, Any] = asdict(bootstrap(figure, rows.y, predictions, rows.weight)["outcome"])
    if hasattr(evaluate, "today"):
        today = evaluate.today(rows.every)
        result["today"] = bootstrap(figure, rows.y, today, rows.weight)["outcome"]
        result["difference"] = paired(figure, rows.y, predictions, today, rows.weight)["outcome"]
    return result


def newest(row: Contract, every: Columns) -> str | None:
    """The date of the newest row, UTC, where rows have a time."""
    times = every[column.name] if (column := row.one("time")) else np.empty(0)
    known = times[np.isfinite(times)]
    return datetime.fromtimestamp(known.max(), UTC).date().isoformat() if len(known) else None


def predicted(row: Contract, predictions: Columns) -> dict[str, Any]:
    """How predictions are counted in service: by class, or between the 5 % steps of those on these rows.

    An edge lies midway between two neighbouring values, so that none that comes again falls on it.
    """
    label = row.one("label")
    assert label is not None
    if label.dtype == "category":
        return {"column": "label", "names": list(label.categories)}
    column = "value" if label.dtype == "number" else "score"
    values, place = np.unique(predictions[column], return_inverse=True)
    steps = np.quantile(place, np.arange(1, 20) / 20, method="lower")
    low = np.unique(np.minimum(steps, len(values) - 2))
    return {"column": column, "edges": ((values[low] + values[low + 1]) / 2).tolist()}


def kept(row: Contract) -> list[Column]:
    return [column for column in row if column.role in ("id", "time", "label", "weight") or column.sensitive]


def write_predictions(path, row: Contract, rows: Rows, predictions: Columns) -> None:
    columns = {column.name: rows.every[column.name] for column in kept(row)}
    columns |= {f"predicted.{name}": values for name, values in predictions.items()}
    with replacing(path) as draft:
        pl.DataFrame(columns).write_parquet(draft)


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "recipe", "rows", "model", "baselines", "training", "evaluation"), work)
