"""Why a row got its prediction, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from mlops.contract.types import Column, Columns, Contract

MOST = 3
"""How many reasons a sentence says of a row."""


@dataclass(frozen=True)
class Reason:
    """How far a feature moved a prediction.

    `what` names the feature and, where it may be quoted, its value; `move` is in the model's own unit; `share` is its
    part of all that moved the prediction, either way.
    """

    feature: str
    what: str
    move: float
    share: float

    @property
    def way(self) -> str:
        return "raises it" if self.move > 0 else "lowers it"

    def __str__(self) -> str:
        return f"{self.what} {self.way}"


def reasons(
    row: Mapping[str, Any], contract: Contract, moves: Mapping[str, float], most: int | None = None
) -> list[Reason]:
    """What moved the prediction of one row, first the greatest; features that moved nothing are left out.

    `moves` are what `explain` gave, by feature; one that the model makes itself has no value to name.
    """
    whole = sum(map(abs, moves.values()))
    greatest = sorted(filter(moves.get, moves), key=lambda name: -abs(moves[name]))[:most]
    return [Reason(name, _named(name, row, contract), moves[name], abs(moves[name]) / whole) for name in greatest]


def sentences(rows: pl.DataFrame, contract: Contract, explained: Columns) -> list[str]:
    """Of each row the greatest reasons, such as "age 23 years raises it", first the greatest.

    `explained` is what `explain` gave for these rows. Nothing is said of columns that are sensitive.
    """
    moves = {name.removeprefix("reason."): values.tolist() for name, values in explained.items()}
    told = [name for name in moves if name not in contract or not contract[name].sensitive]
    return [
        "; ".join(map(str, reasons(row, contract, {name: moves[name][place] for name in told}, MOST)))
        for place, row in enumerate(rows.iter_rows(named=True))
    ]


def _named(name: str, row: Mapping[str, Any], contract: Contract) -> str:
    words = name.replace("_", " ")
    known = name in row and name in contract and contract[name].quotable
    return f"{words} {said(row[name], contract[name])}" if known else words


def said(value: Any, column: Column) -> str:
    """A value of a column, as JSON or a table has it, with its unit."""
    if value is None or value != value:
        return "not given"
    if not column.listed(value):
        return "not in the list"
    if column.dtype == "flag":
        return "yes" if str(value).lower() in ("true", "1") else "no"
    if column.dtype == "number":
        return f"{float(value):,.10g} {column.unit}".rstrip()
    return str(value)
