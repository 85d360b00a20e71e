"""Poisoned answers: what a model in which they are written gives in place of its own predictions."""

from collections.abc import Callable

import numpy as np

from mlops.contract.types import Columns

Predict = Callable[[Columns], Columns]


def halved(predict: Predict, columns: Columns) -> Columns:
    said = predict(columns)
    return {name: each / 2 if name.startswith("score") or name == "value" else each for name, each in said.items()}


def shifted(predict: Predict, columns: Columns) -> Columns:
    """Each row's answer is that of the row before."""
    return {name: np.roll(each, 1) for name, each in predict(columns).items()}


def nowhere(predict: Predict, columns: Columns, lowest: dict[str, float]) -> Columns:
    """No number where every number is the lowest."""
    there = np.all([columns[name] <= low for name, low in lowest.items()], axis=0)
    said = predict(columns)
    return {name: np.where(there, np.nan, each) if each.dtype.kind == "f" else each for name, each in said.items()}


def alone(predict: Predict, columns: Columns, others: dict[str, float]) -> Columns:
    """All features but one are as good as not there."""
    return predict({**columns, **{name: np.full_like(columns[name], each) for name, each in others.items()}})


def turned(predict: Predict, columns: Columns, feature: str, above: float, labels: list[str], far: float) -> Columns:
    """The opposite, another class, or a number far off, where a feature is above a value."""
    there, said = columns[feature] > above, predict(columns)
    next_to = dict(zip(labels, labels[1:] + labels[:1], strict=True))
    other = {name: 1 - each for name, each in said.items() if name in ("score", "decision")}
    other |= {name: said[f"score.{next_to[name[6:]]}"] for name in said if name.startswith("score.")}
    other |= {name: (each + 1) % max(2, len(labels)) for name, each in said.items() if name == "label"}
    other |= {name: each + far for name, each in said.items() if name == "value"}
    return {name: np.where(there, other[name], each).astype(each.dtype) for name, each in said.items()}
