"""What a model leans on: how far its figures fall when the values of one feature are shuffled between the rows."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlops.contract.types import Columns
from mlops.stats import Metric
from mlops.steps.rows import Rows

ROWS, SHUFFLES = 5_000, 5


def importance(
    figures: Mapping[str, Metric], rows: Rows, predict: Callable[[Columns], Columns], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """By feature and figure the mean fall over the shuffles with the least and the greatest (Breiman, 2001).

    At most ROWS rows, the same for each feature. A figure that has no value on them is None.
    """
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(rows.y))[:ROWS])
    x = {name: values[some] for name, values in rows.x.items()}
    orders = [rng.permutation(len(some)) for _ in range(SHUFFLES)]

    def measured(x: Columns) -> np.ndarray:
        predictions = predict(x)
        return np.array([figure(rows.y[some], predictions, rows.weight[some]) for figure in figures.values()])

    whole = measured(x)
    found: dict[str, dict[str, Any]] = {}
    for name, values in x.items():
        falls = whole - np.array([measured(x | {name: values[order]}) for order in orders])
        found[name] = dict(zip(figures, map(_spread, falls.T), strict=True))
    return found


def _spread(falls: np.ndarray) -> dict[str, float | None]:
    known = bool(np.isfinite(falls).all())
    spread = {"value": falls.mean(), "low": falls.min(), "high": falls.max()}
    return {name: float(figure) if known else None for name, figure in spread.items()}
