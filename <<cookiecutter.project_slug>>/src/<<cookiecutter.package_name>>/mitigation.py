"""What training does about groups of people whom the model would treat unlike: docs/fairness.md says why."""

import numpy as np

from mlops.api import Columns

Array = np.ndarray

GROUPS = ("sex", "age_band")
"""Sensitive columns whose groups, taken together, are reweighed."""


def reweighed(y: Array, weight: Array, groups: Columns, strength: float) -> Array:
    """The weights by which rows teach, so that the label depends less on the group (Kamiran and Calders, 2012).

    A row of group g with label y counts P(g) P(y) / P(g, y) times, to the power of `strength`: 1 makes label and group
    independent, 0 changes nothing.
    """
    _, group = np.unique(np.stack([groups[name] for name in GROUPS]), axis=1, return_inverse=True)
    both = np.zeros((group.max() + 1, 2))
    np.add.at(both, (group, y), weight)
    both /= both.sum()
    independent = both.sum(axis=1, keepdims=True) * both.sum(axis=0)
    factor = np.divide(independent, both, out=np.ones_like(both), where=both > 0)
    return weight * factor[group, y] ** strength
