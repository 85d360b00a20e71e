"""What a model costs: how large it is, how long one row takes and how long many do."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mlops.contract.types import Columns

CALLS, ROUNDS = 200, 5

Predict = Callable[[Columns], Columns]


def measured(model: Path, predict: Predict, x: Columns) -> dict[str, float]:
    return {
        "size_mb": sum(path.stat().st_size for path in model.rglob("*") if path.is_file()) / 1e6,
        "p95_ms": float(np.quantile(alone(predict, x), 0.95)),
        "seconds_per_million": in_bulk(predict, x),
    }


def alone(predict: Predict, x: Columns) -> np.ndarray:
    """Milliseconds of each of 200 predictions of one row, each of another one as long as there are."""
    rows = len(next(iter(x.values())))
    ones = ({name: values[row : row + 1] for name, values in x.items()} for row in np.arange(CALLS) % rows)
    return np.array([seconds(predict, one) for one in ones]) * 1e3


def in_bulk(predict: Predict, x: Columns) -> float:
    """Seconds for a million rows, at the pace of the fastest of five predictions of all rows."""
    return min(seconds(predict, x) for _ in range(ROUNDS)) / len(next(iter(x.values()))) * 1e6


def seconds(predict: Predict, x: Columns) -> float:
    started = time.perf_counter()
    predict(x)
    return time.perf_counter() - started
