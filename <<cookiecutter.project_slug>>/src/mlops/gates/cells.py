"""Rows divided by what they have in common, and what was foretold for them: what the gates on groups share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mlops.contract.types import Column, Columns
from mlops.steps.slices import members


@dataclass(frozen=True)
class Cells:
    """The columns that rows are divided by, what each cell holds of each, and the number of the cell of each row."""

    by: tuple[str, ...]
    names: list[tuple[str, ...]]
    of: np.ndarray


def divided(columns: Sequence[Column], values: Columns) -> Iterator[Cells]:
    """By each column that is no text, and by each pair of them."""
    single = []
    for column in columns:
        parts = list(members(column, values[column.name]))
        if parts:
            of = np.argmax([mask for _, mask in parts], axis=0)
            single.append(Cells((column.name,), [(name,) for name, _ in parts], of))
    yield from single
    for one, other in combinations(single, 2):
        pair = one.of * len(other.names) + other.of
        there = np.flatnonzero(np.bincount(pair))
        names = [one.names[place // len(other.names)] + other.names[place % len(other.names)] for place in there]
        yield Cells(one.by + other.by, names, np.searchsorted(there, pair))


def foretold(label: Column, y: np.ndarray, predictions: Columns) -> tuple[np.ndarray, np.ndarray]:
    """What happened and what was predicted, a column for each class of a category, else one.

    Of a class 0 or 1 and its score; without scores, 0 or 1 for what was decided. Of a number, the number. Raises
    KeyError when the predictions hold none of these.
    """
    if label.dtype == "number":
        return y[:, None], predictions["value"][:, None]
    if label.dtype == "flag":
        said = next((name for name in ("score", "decision") if name in predictions), "label")
        return y[:, None].astype(float), predictions[said][:, None].astype(float)
    truth = np.eye(len(label.categories))[y]
    scores = [predictions[name] for each in label.categories if (name := f"score.{each}") in predictions]
    if len(scores) == len(label.categories):
        return truth, np.column_stack(scores)
    return truth, np.eye(len(label.categories))[predictions["label"]]
