"""How good predictions are, and what they are worth to the case workers.

`y` is 1 for eligible, else 0; `weight` counts each row, as many times as a bootstrap drew it or as a survey has it.
A figure that has no value (a precision where nothing was selected, an AUC of one class) is NaN.
"""

from collections.abc import Mapping

import numpy as np

from mlops.api import Columns, Metric

BINS = 10


def auc(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Chance that an eligible person scores higher than another, ties counting half."""
    found, others = curve(y, predictions["score"], weight)
    return _ratio(np.trapezoid(found, others), found[-1] * others[-1])


def average_precision(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Precision at each distinct score, weighted by the recall that it adds."""
    found, others = curve(y, predictions["score"], weight)
    opened = found[1:] + others[1:]
    precision = np.divide(found[1:], opened, out=np.zeros_like(opened), where=opened > 0)
    return _ratio((np.diff(found) * precision).sum(), found[-1])


def brier(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Mean squared distance between score and truth; lower is better."""
    return _ratio((weight * (predictions["score"] - y) ** 2).sum(), weight.sum())


def calibration_error(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Mean distance between score and share of eligible in ten bins of equal weight; equal scores share a bin."""
    score = predictions["score"]
    order = np.argsort(score)
    ends = _ends(score[order])
    below, excess = _sums(weight[order], ends), np.diff(_sums((weight * (score - y))[order], ends))
    middle = (below[:-1] + below[1:]) / 2
    place = (middle * BINS / max(below[-1], np.finfo(float).tiny)).astype(np.int64)
    return _ratio(np.abs(np.bincount(place, excess)).sum(), below[-1])


def precision(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Share of the selected who are eligible."""
    selected = weight * (predictions["decision"] == 1)
    return _ratio((selected * y).sum(), selected.sum())


def recall(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Share of the eligible who are selected."""
    eligible = weight * y
    return _ratio((eligible * (predictions["decision"] == 1)).sum(), eligible.sum())


def f1(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Harmonic mean of precision and recall."""
    selected = predictions["decision"] == 1
    return _ratio(2 * (weight * y * selected).sum(), (weight * (selected + y)).sum())


def accuracy(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Share of the decisions that are right."""
    return _ratio((weight * (predictions["decision"] == y)).sum(), weight.sum())


def selection_rate(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Share of all who are selected."""
    return _ratio((weight * (predictions["decision"] == 1)).sum(), weight.sum())


METRICS: Mapping[str, Metric] = {
    metric.__name__: metric
    for metric in (auc, average_precision, brier, calibration_error, precision, recall, f1, accuracy, selection_rate)
}


def outcome(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    """Eligible people in each 1,000 files opened, when half of all files are opened; higher is better.

    Files are opened from the highest `value`, or `score` where there is no `value`. Files that tie are opened in no
    order: those at the half count by the share of them that is opened.
    """
    found, others = curve(y, predictions.get("value", predictions["score"]), weight)
    half = (found[-1] + others[-1]) / 2
    return 1000 * _ratio(float(np.interp(half, found + others, found)), half)


def today(rows: Columns) -> Columns:
    """Today's order of work: first come, first served."""
    return {"score": -rows["received"]}


def curve(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the eligible and of the others at or above each distinct score, from none to all."""
    order = np.argsort(-score)
    ends = _ends(score[order])
    return _sums((weight * y)[order], ends), _sums((weight * (1 - y))[order], ends)


def _ends(ordered: np.ndarray) -> np.ndarray:
    """Where each run of equal values ends."""
    return np.flatnonzero(np.diff(ordered, append=np.nan) != 0)


def _sums(values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Running sums at the ends, from 0."""
    return np.concatenate(([0.0], np.cumsum(values)[ends]))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
