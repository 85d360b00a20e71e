"""How much one column alone tells of another."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlops.contract.types import Column, Dtype

BINS = (20, 200)
"""How finely numbers are looked at: few rows tell more in wide bins, many in narrow ones."""


def skill(column: Column, values: np.ndarray, other: Column, truth: np.ndarray, learnt: np.ndarray) -> float:
    """How well the values tell the other column's: as its mean by value among the rows `learnt`, judged on the others.

    1 minus the squared error over that of always guessing the mean (Murphy, 1988): 1 at best, about 0 by chance. Told
    are the ranks of numbers, which no long tail hides, and of classes which it is (so the error is the Brier score).
    Nothing is told, 0, where there is only one value to tell.
    """
    if len(np.unique(truth[~learnt])) < 2:
        return 0.0
    y = _ranks(truth)[:, None] if other.dtype == "number" else np.equal.outer(truth, np.unique(truth)).astype(float)
    mean, told = y[learnt].mean(axis=0), y[~learnt]
    chance = np.square(told - mean).sum()
    errors = []
    for codes in _codes(column.dtype, values, learnt):
        known, size = codes[learnt], int(codes.max()) + 1
        rows = np.bincount(known, minlength=size)[:, None]
        sums = np.column_stack([np.bincount(known, each, size) for each in y[learnt].T])
        errors.append(np.square(told - np.where(rows, sums / np.maximum(rows, 1), mean)[codes[~learnt]]).sum())
    return float(1 - min(errors) / chance)


def _codes(dtype: Dtype, values: np.ndarray, learnt: np.ndarray) -> Iterator[np.ndarray]:
    """Small whole numbers in place of the values: the same for all of a bin, where they are numbers or times."""
    if dtype not in ("number", "time"):
        yield _ranks(values)
        return
    known = np.sort(values[learnt & ~np.isnan(values)])
    for bins in BINS:
        yield np.where(np.isnan(values), 0, np.searchsorted(known[:: len(known) // bins + 1], values) + 1)


def _ranks(values: np.ndarray) -> np.ndarray:
    texts = pl.Series(values.tolist(), dtype=pl.String) if values.dtype == object else pl.Series(values)
    return texts.rank("dense").fill_null(0).to_numpy().astype(np.int64)
