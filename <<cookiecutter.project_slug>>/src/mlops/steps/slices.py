"""Rows that have something in common: a value, or a quarter of a number's range."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlops.contract.types import NULL, UNSEEN, Column, Columns
from mlops.stats import Metric, bootstrap
from mlops.steps.rows import Rows

LEAST = 100
"""Fewer rows than these say too little to judge by."""
OUTSIDE = {NULL: "(unknown)", UNSEEN: "(unseen)"}


def groups(metrics: Mapping[str, Metric], column: Column, rows: Rows, predictions: Columns) -> dict[str, Any]:
    """The metrics with intervals for each value of a sensitive column; nulls are one, unseen categories another.

    A group of few rows is `too_small`. In any group a metric may be undefined: precision where nobody is selected.
    """
    found = {}
    for name, member in members(column, rows.groups[column.name]):
        measured, count = bootstrap(metrics, *_among(member, rows, predictions)), int(member.sum())
        found[name] = {"rows": count, "metrics": measured, "too_small": count < LEAST}
    return found


def slices(metrics: Mapping[str, Metric], column: Column, rows: Rows, predictions: Columns) -> list[dict[str, Any]]:
    """The metrics for each value of a feature, in its order. A slice of few rows is `too_small` and has none."""
    found = []
    for name, member in members(column, rows.x[column.name]):
        count, given = int(member.sum()), _among(member, rows, predictions)
        figures = {each: float(metric(*given)) for each, metric in metrics.items()} if count >= LEAST else {}
        measured = {each: figure if np.isfinite(figure) else None for each, figure in figures.items()}
        found.append({"slice": name, "rows": count, "metrics": measured, "too_small": count < LEAST})
    return found


def members(column: Column, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Names and masks: of each value of a category or flag, of four bands of a number or time. Texts have none."""
    if column.dtype in ("category", "flag"):
        names = column.categories or ("no", "yes")
        for code in np.unique(values):
            yield OUTSIDE.get(code) or names[code], values == code
    elif column.dtype in ("number", "time"):
        known = values[~np.isnan(values)]
        edges = np.unique(np.quantile(known, (0.25, 0.5, 0.75))) if len(known) else np.empty(0)
        low = -np.inf
        for high in (*edges, np.inf):
            member = (values > low) & (values <= high)
            if member.any():
                yield _band(low, high), member
            low = high
        if len(known) < len(values):
            yield OUTSIDE[NULL], np.isnan(values)


def _band(low: float, high: float) -> str:
    if np.isinf(low):
        return "all" if np.isinf(high) else f"up to {high:,.6g}"
    return f"over {low:,.6g}" + ("" if np.isinf(high) else f" to {high:,.6g}")


def _among(member: np.ndarray, rows: Rows, predictions: Columns) -> tuple[np.ndarray, Columns, np.ndarray]:
    """What a metric is given."""
    return rows.y[member], {name: values[member] for name, values in predictions.items()}, rows.weight[member]
