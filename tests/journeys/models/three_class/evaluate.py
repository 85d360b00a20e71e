import numpy as np

from mlops.api import Columns

from .contract import URGENCY


def accuracy(y, predictions: Columns, weight) -> float:
    return float(np.average(predictions["label"] == y, weights=weight))


def likelihood(y, predictions: Columns, weight) -> float:
    """Mean log-likelihood of what happened; higher is better."""
    scores = np.column_stack([predictions[f"score.{name}"] for name in URGENCY])
    return float(np.average(np.log(scores[np.arange(len(y)), y]), weights=weight))


METRICS = {"accuracy": accuracy, "likelihood": likelihood}


def outcome(y, predictions: Columns, weight) -> float:
    """Urgent letters that are called urgent, of 100."""
    urgent = y == URGENCY.index("high")
    return 100 * float(np.average(predictions["label"][urgent] == y[urgent], weights=weight[urgent]))
