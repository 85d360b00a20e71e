import numpy as np

from mlops.api import Columns


def r2(y, predictions: Columns, weight) -> float:
    centre = np.average(y, weights=weight)
    return float(
        1 - np.average((y - predictions["value"]) ** 2, weights=weight) / np.average((y - centre) ** 2, weights=weight)
    )


def within_a_tenth(y, predictions: Columns, weight) -> float:
    return float(np.average(np.abs(predictions["value"] - y) <= 0.1 * y, weights=weight))


METRICS = {"r2": r2, "within_a_tenth": within_a_tenth}


def outcome(y, predictions: Columns, weight) -> float:
    return 100 * within_a_tenth(y, predictions, weight)


def today(rows: Columns) -> Columns:
    return {"value": 11.0 * rows["area"]}
