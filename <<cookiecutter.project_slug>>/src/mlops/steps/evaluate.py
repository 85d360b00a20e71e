"""The model and its baselines on rows that no training saw: metrics.json, and predictions.parquet to compare by."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mlops import digest
from mlops.contract.types import NULL, UNSEEN, Columns, Contract
from mlops.stats import Interval, bootstrap, paired
from mlops.steps import base
from mlops.steps.log import Log
from mlops.steps.rows import Rows

OUTSIDE = {NULL: "(unknown)", UNSEEN: "(unseen)"}


def work(given: Namespace, log: Log) -> None:
    from mlops.files import write_json
    from mlops.steps import recipe
    from mlops.steps.rows import read

    model = recipe.read(given.recipe).model
    metrics, row = model.evaluate.METRICS, model.contract.ROW
    rows = read(given.rows / "test.parquet", row)
    load = model.predict.Predictor.load
    predictions = load(given.model).predict(rows.x)
    baselines = {path.name: load(path).predict(rows.x) for path in sorted(given.baselines.iterdir())}
    result = {
        "model": digest.of_folder(given.model),
        "rows": len(rows.y),
        "metrics": bootstrap(metrics, rows.y, predictions, rows.weight),
        "groups": groups(metrics, row, rows, predictions),
        "baselines": {name: compared(metrics, rows, predictions, other) for name, other in baselines.items()},
        "outcome": outcome(model.evaluate, rows, predictions),
    }
    write_json(given.evaluation / "metrics.json", result)
    write_predictions(given.evaluation / "predictions.parquet", row, rows, predictions)
    log.file(given.evaluation / "metrics.json")
    for name, interval in (*result["metrics"].items(), ("outcome", Interval.of(result["outcome"]))):
        log.metrics({name: interval.value, f"{name}.low": interval.low, f"{name}.high": interval.high})


def groups(metrics: Mapping, row: Contract, rows: Rows, predictions: Columns) -> dict[str, Any]:
    """The metrics within each group that a sensitive column makes; nulls are one, unseen categories another."""
    found: dict[str, Any] = {}
    for column in row.sensitive:
        codes = rows.groups[column.name]
        names = column.categories or ("no", "yes")
        found[column.name] = {}
        for code in np.unique(codes):
            member = codes == code
            within = {name: values[member] for name, values in predictions.items()}
            found[column.name][OUTSIDE.get(code) or names[code]] = {
                "rows": int(member.sum()),
                "metrics": bootstrap(metrics, rows.y[member], within, rows.weight[member]),
            }
    return found


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


def write_predictions(path, row: Contract, rows: Rows, predictions: Columns) -> None:
    import polars as pl

    from mlops.files import replacing

    kept = [column.name for column in row if column.role in ("id", "time", "label", "weight") or column.sensitive]
    columns = {name: rows.every[name] for name in kept}
    columns |= {f"predicted.{name}": values for name, values in predictions.items()}
    with replacing(path) as draft:
        pl.DataFrame(columns).write_parquet(draft)


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "recipe", "rows", "model", "baselines", "evaluation"), work)
