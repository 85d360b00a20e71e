"""Points of charts, computed from labels, predictions and weights. What they are called stands in the templates."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mlops.contract.types import Columns

Points = Sequence[tuple[float, ...]]
POINTS, BINS = 200, 10
SHARES = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


class Curve(NamedTuple):
    """Lines by name between the first and the last tick of two axes, and `rows`: figures for a table."""

    lines: Mapping[str, Points]
    rows: Points
    x: list[float]
    y: list[float]


def curves(label: Mapping[str, Any], y: np.ndarray, predictions: Columns, weight: np.ndarray) -> dict[str, Any]:
    """What applies to a label of this kind and to what was predicted, by name."""
    found: dict[str, Any] = {}
    score, value = predictions.get("score"), predictions.get("value")
    decided = predictions.get("label", predictions.get("decision"))
    if label["dtype"] == "flag" and score is not None and len(np.unique(y)) == 2:
        found = {"roc": roc(y, score, weight), "thresholds": thresholds(y, score, weight, decided)}
        if 0 <= score.min() <= score.max() <= 1:
            found["calibration"] = calibration(y, score, weight)
    if label["dtype"] == "number" and value is not None:
        found = {"actual": actual(y.astype(float), value), "errors": errors(y.astype(float), value)}
    if label["dtype"] != "number" and decided is not None:
        names = label["categories"] or ("no", "yes")
        counts = np.zeros((len(names), len(names)))
        np.add.at(counts, (y, decided), weight)
        found["confusion"] = {"names": names, "counts": counts.tolist()}
    return found


def ranked(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each distinct score from the highest, with the weight of the positives and of the others at or above it."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)
    return score[order][ends], np.cumsum((weight * y)[order])[ends], np.cumsum((weight * (1 - y))[order])[ends]


def roc(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> Curve:
    """Rows: share of the others taken along, share of the positives found."""
    _, found, others = ranked(y, score, weight)
    hit, false = np.append(0, found / found[-1]), np.append(0, others / others[-1])
    rows = [(x, float(np.interp(x, false, hit))) for x in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)]
    return Curve({"chance": [(0, 0), (1, 1)], "model": thinned(false, hit)}, rows, SHARES, SHARES)


def calibration(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> Curve:
    """Bins of equally many rows, fewer where scores tie. Rows: mean score, share of positives, weight."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, score, side="right")
    sums = (np.bincount(bins, weight * each) for each in (score, y, np.ones_like(score)))
    rows = [(float(s / t), float(p / t), float(t)) for s, p, t in zip(*sums, strict=True) if t > 0]
    return Curve({"exact": [(0, 0), (1, 1)], "model": [row[:2] for row in rows]}, rows, SHARES, SHARES)


def thresholds(y: np.ndarray, score: np.ndarray, weight: np.ndarray, decided: np.ndarray | None) -> Curve:
    """Rows: threshold, precision, recall, share selected. The line `used` stands at the lowest score selected."""
    at, found, others = ranked(y, score, weight)
    shares = (found / (found + others), found / found[-1], (found + others) / (found[-1] + others[-1]))
    lines = {name: thinned(at, each) for name, each in zip(("precision", "recall", "selected"), shares, strict=True)}
    x = ticks(at[-1], at[0])
    shown = list(x)
    if decided is not None and (decided == 1).any():
        used = float(score[decided == 1].min())
        lines["used"] = [(used, 0), (used, 1)]
        shown.append(used)
    last = {tick: int((at >= tick).sum()) - 1 for tick in sorted(shown)}
    rows = [(tick, *(float(each[place]) for each in shares)) for tick, place in last.items() if place >= 0]
    return Curve(lines, rows, x, SHARES)


def actual(y: np.ndarray, value: np.ndarray) -> Curve:
    """Rows: predicted, actual; of some rows from the lowest prediction to the highest."""
    x = ticks(*(float(end) for each in (y, value) for end in (each.min(), each.max())))
    order = np.argsort(value)
    points = thinned(value[order], y[order])
    return Curve({"exact": [(x[0], x[0]), (x[-1], x[-1])], "rows": points}, points[:: len(points) // BINS or 1], x, x)


def errors(y: np.ndarray, value: np.ndarray) -> Curve:
    """Rows: where a bin of predicted minus actual begins, how many rows are in it."""
    counts, edges = np.histogram(value - y, 2 * BINS)
    bars = list(zip(edges.tolist(), [*counts.tolist(), 0], strict=True))
    return Curve({"rows": bars}, bars[:-1], ticks(*edges.tolist()), ticks(0, int(counts.max())))


def ticks(*values: float) -> list[float]:
    """Round numbers, five or so to ten, that enclose the values."""
    low, high = float(min(values)), float(max(values))
    power = 10.0 ** math.floor(math.log10((high - low or 1) / 4))
    step = power * max(each for each in (1, 2, 5) if each * power <= (high - low or 1) / 4)
    first = math.floor(low / step)
    return [step * number for number in range(first, max(math.ceil(high / step), first + 1) + 1)]


def thinned(x: np.ndarray, y: np.ndarray) -> Points:
    some = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).astype(int))
    return list(zip(x[some].tolist(), y[some].tolist(), strict=True))
