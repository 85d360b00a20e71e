"""Predictions of the same rows side by side, and rows with holes in them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from mlops.contract.types import NULL, UNSEEN, Column, Columns

Predict = Callable[[Columns], Columns]

CHOSEN = ("decision", "label")
MOVED = 0.01
"""Where nothing is chosen, a row is decided by whether its figure is above the median of all, and otherwise only if the
figure moved by more than this share of their range."""


@dataclass(frozen=True)
class Difference:
    """How far predictions are from others of the same rows, and `where` those rows differ from what they were.

    `apart` is the most that a figure differs as a share of the range of all rows' figures; None where that cannot be
    said, since the names differ or something is no number. `flips` is the share of rows that are decided otherwise.
    """

    apart: float | None
    flips: float
    where: str = "as they are"

    def within(self, apart: float, flips: float) -> bool:
        return self.apart is not None and self.apart <= apart and self.flips <= flips

    def __str__(self) -> str:
        if self.apart is None:
            return f"on rows {self.where} there are other names, or values that are no numbers"
        far = f"up to {self.apart:.1e} of their range apart, and {self.flips:.2%} of the rows are decided otherwise"
        return f"on rows {self.where} figures are {far}"


def difference(some: Columns, others: Columns, where: str = "as they are") -> Difference:
    if some.keys() != others.keys():
        return Difference(None, 1.0, where)
    chosen = [some[name] != others[name] for name in CHOSEN if name in others]
    figures = [(some[name], others[name]) for name in others if name not in CHOSEN]
    gaps = [np.abs(new - old) / (np.ptp(old) or 1.0) for new, old in figures]
    crossed = [(new > np.median(old)) != (old > np.median(old)) for new, old in figures]
    moved = [past & ~(gap <= MOVED) for past, gap in zip(crossed, gaps, strict=True)]
    flips, most = np.any(chosen or moved, axis=0).mean(), float(np.max(gaps, initial=0.0))
    return Difference(most if np.isfinite(most) else None, float(flips), where)


def worst(differences: Iterable[Difference]) -> Difference:
    """The one furthest apart; of those equally far, the one with most rows decided otherwise."""
    return max(differences, key=lambda each: (each.apart is None, each.apart or 0.0, each.flips))


def holed(x: Columns, features: Iterable[Column]) -> Iterator[tuple[str, Columns]]:
    """The rows with one column unknown, or of an unseen category, in turn, as far as the contract lets callers."""
    nulls = {"number": np.nan, "time": np.nan, "text": None}
    for column in features:
        holes = [("null", nulls.get(column.dtype, NULL))] * column.nullable
        for name, hole in [*holes, *[("unseen", UNSEEN)] * (column.unseen == "accept")]:
            yield f"where {column.name} is {name}", {**x, column.name: np.full_like(x[column.name], hole)}


def some_of(x: Columns, rows: int) -> Columns:
    """At most so many of the rows, drawn at random, always the same ones."""
    drawn = np.sort(np.random.default_rng(0).permutation(len(next(iter(x.values()))))[:rows])
    return {name: values[drawn] for name, values in x.items()}
