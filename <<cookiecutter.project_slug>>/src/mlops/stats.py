"""Intervals by the weighted bootstrap: rows are drawn again by multiplying their weights with random counts.

Of means within groups, the standard error that the bootstrap tends to, without drawing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import hypot
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from mlops.contract.types import Columns

Metric = Callable[[np.ndarray, Columns, np.ndarray], float]
"""A figure of (label, predictions, weight of each row)."""
Figure = Callable[[np.ndarray], float]
"""What is left of it once only the weights may differ."""

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

    @classmethod
    def normal(cls, value: float, error: float, comparisons: int = 1) -> Self:
        """About a value with a standard error; wider, so that this many such intervals hold together (Bonferroni)."""
        reach = NormalDist().inv_cdf(1 - 0.025 / comparisons) * error
        return cls(float(value), float(value - reach), float(value + reach))

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """An interval as a JSON file holds it, perhaps beside other things."""
        return cls(plain["value"], plain["low"], plain["high"])

    def __str__(self) -> str:
        value, low, high = ("unknown" if end is None else f"{end:.4g}" for end in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"


def bootstrap(
    metrics: Mapping[str, Metric], y: np.ndarray, predictions: Columns, weight: np.ndarray, seed: int = 0
) -> dict[str, Interval]:
    """Each metric on the rows, with its percentile interval over resamples of the rows (Efron, 1979).

    All metrics see the same resamples. An interval reaches to its value, also where resamples lie to one side of it, as
    those of a calibration error of few rows do. A metric that is NaN on some of them (one class only, an empty group)
    gets its interval from the others; when it is NaN on more than one in twenty, or on the rows themselves, the ends
    are None.
    """
    figures = {name: partial(metric, y, predictions) for name, metric in metrics.items()}
    return _intervals(figures, weight, seed)


def paired(
    metrics: Mapping[str, Metric], y: np.ndarray, a: Columns, b: Columns, weight: np.ndarray, seed: int = 0
) -> dict[str, Interval]:
    """Each metric of `a` minus that of `b`, both on the same resamples: what the rows have in common cancels out.

    Metrics that are NaN somewhere are treated as in `bootstrap`.
    """

    def difference(metric: Metric, weight: np.ndarray) -> float:
        return metric(y, a, weight) - metric(y, b, weight)

    return _intervals({name: partial(difference, metric) for name, metric in metrics.items()}, weight, seed)


def apart(a: Interval, b: Interval) -> Interval:
    """`a` minus `b`, each estimated on rows of its own: MOVER (Zou and Donner, 2008, Statistics in Medicine 27).

    On the same rows it is too wide where both err alike. A value or end that is not known leaves its place empty.
    """
    if a.value is None or b.value is None:
        return Interval(None, None, None)
    value = a.value - b.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Interval(value, None, None)
    down, up = hypot(a.value - a.low, b.high - b.value), hypot(a.high - a.value, b.value - b.low)
    return Interval(value, value - down, value + up)


def drawn(weight: np.ndarray, resamples: int = 200, seed: int = 0) -> Iterator[np.ndarray]:
    """The weights of the rows in each resample; the same seed and number of rows give the same resamples."""
    rng, rows = np.random.default_rng(seed), len(weight)
    for _ in range(resamples):
        yield weight * np.bincount(rng.integers(0, rows, rows), minlength=rows)


def means(values: np.ndarray, weight: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each cell, numbered from 0: the weighted mean, its standard error, and the number of rows with a weight.

    The error is that of the bootstrap with ever more resamples, by the infinitesimal jackknife (Efron, 1982). A cell
    without such rows has NaN.
    """
    whole = np.bincount(cell, weight)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(cell, weight * values) / whole
        error = np.sqrt(np.bincount(cell, (weight * (values - mean[cell])) ** 2)) / whole
    return mean, error, np.bincount(cell, weight > 0).astype(int)


def _intervals(figures: Mapping[str, Figure], weight: np.ndarray, seed: int) -> dict[str, Interval]:
    draws: dict[str, list[float]] = {name: [] for name in figures}
    for resample in drawn(weight, seed=seed):
        for name, figure in figures.items():
            draws[name].append(figure(resample))
    return {name: _interval(figure(weight), np.array(draws[name])) for name, figure in figures.items()}


def _interval(value: float, draws: np.ndarray) -> Interval:
    if not np.isfinite(value):
        return Interval(None, None, None)
    defined = draws[np.isfinite(draws)]
    if len(defined) < DEFINED_SHARE * len(draws):
        return Interval(float(value), None, None)
    low, high = np.quantile(defined, (0.025, 0.975))
    return Interval(float(value), float(min(low, value)), float(max(high, value)))
