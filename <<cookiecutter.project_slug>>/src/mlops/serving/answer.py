"""Answers: what a model says of each row, in words and numbers that JSON can hold."""

from collections.abc import Callable, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from mlops.contract.types import Column, Columns

GROUPS = {"score": "scores", "reason": "reasons"}
"""Columns named `score.LABEL` and `reason.FEATURE` become objects of this name."""


def answers(outputs: Columns, label: Column | None) -> list[dict[str, Any]]:
    """One answer a row: `score`, `value`, `decision`, `label`, `scores`, `reasons`, as far as the model has them.

    Raises ValueError for a number that is not finite, KeyError for a label that the contract does not have.
    """
    flat: dict[str, list[Any]] = {}
    grouped: dict[str, dict[str, list[Any]]] = {}
    for name, values in outputs.items():
        if not np.isfinite(values).all():
            raise ValueError(f"the model answers {name} with a number that is not finite")
        group, dot, rest = name.partition(".")
        target = grouped.setdefault(GROUPS[group], {}) if dot else flat
        target[rest or name] = [*map(_words(label), values.tolist())] if name == "label" else values.tolist()
    for group, columns in grouped.items():
        flat[group] = _rows(columns)
    return _rows(flat)


def _rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    pairs = (zip(repeat(name), values) for name, values in columns.items())
    return [*map(dict, zip(*pairs, strict=True))]


def _words(label: Column | None) -> Callable[[int], Any]:
    """What a label's code stands for."""
    if label and label.categories:
        return dict(enumerate(label.categories)).__getitem__
    return bool if label and label.dtype == "flag" else lambda value: value
