"""Intervals by the weighted bootstrap: rows are drawn again by multiplying their weights with random counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mlops.contract.types import Columns

Metric = Callable[[np.ndarray, Columns, np.ndarray], float]
"""A figure of (label, predictions, weight of each row)."""

DEFINED_SHARE = 0.95
"""The least share of resamples on which a metric must be defined to have an interval."""


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its confidence interval (95 % unless said otherwise).

    An end that cannot be known is None, and so is a value that is not defined.
    """

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        value, low, high = ("unknown" if end is None else f"{end:.4g}" for end in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"


def bootstrap(
    metrics: Mapping[str, Metric],
    y: np.ndarray,
    predictions: Columns,
    weight: np.ndarray,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric on the rows, with its percentile interval over resamples of the rows (Efron, 1979).

    All metrics see the same resamples. A metric that is NaN on some of them (one class only, an empty group) gets
    its interval from the others; when it is NaN on more than one in twenty, or on the rows themselves, the ends are
    None.
    """
    draws = _draws(metrics, y, predictions, weight, resamples, seed)
    return {name: _interval(metric(y, predictions, weight), draws[name]) for name, metric in metrics.items()}


def paired(
    metrics: Mapping[str, Metric],
    y: np.ndarray,
    a: Columns,
    b: Columns,
    weight: np.ndarray,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric of `a` minus that of `b`, both on the same resamples: what the rows have in common cancels out.

    Metrics that are NaN somewhere are treated as in `bootstrap`.
    """
    of_a, of_b = (_draws(metrics, y, each, weight, resamples, seed) for each in (a, b))
    return {
        name: _interval(metric(y, a, weight) - metric(y, b, weight), of_a[name] - of_b[name])
        for name, metric in metrics.items()
    }


def _draws(
    metrics: Mapping[str, Metric], y: np.ndarray, predictions: Columns, weight: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    draws = {name: np.empty(resamples) for name in metrics}
    for number, counts in enumerate(_counts(len(y), resamples, seed)):
        drawn = weight * counts
        for name, metric in metrics.items():
            draws[name][number] = metric(y, predictions, drawn)
    return draws


def _counts(rows: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn, for each resample; the same for the same seed and number of rows."""
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.bincount(rng.integers(0, rows, rows), minlength=rows)


def _interval(value: float, draws: np.ndarray) -> Interval:
    if not np.isfinite(value):
        return Interval(None, None, None)
    defined = draws[np.isfinite(draws)]
    if len(defined) < DEFINED_SHARE * len(draws):
        return Interval(float(value), None, None)
    low, high = np.quantile(defined, (0.025, 0.975))
    return Interval(float(value), float(low), float(high))
