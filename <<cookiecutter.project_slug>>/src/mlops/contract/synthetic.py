"""Rows made from nothing but the contract: valid ones, and ones with a single mistake that validation must name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isinf
from typing import NamedTuple

import numpy as np
import polars as pl

from mlops.contract.types import Column, Contract
from mlops.contract.violation import Check

START, SPAN_SECONDS = datetime(2024, 1, 1, tzinfo=UTC), 366 * 24 * 3600
NULL_SHARE = 0.1
WIDTH = 1000.0
"""How far numbers reach where the contract sets no end."""


class Poison(NamedTuple):
    """A table with one mistake. `column` is empty where the mistake is the table's."""

    name: str
    frame: pl.DataFrame
    column: str
    check: Check


def rows(contract: Contract, n: int, seed: int = 0) -> pl.DataFrame:
    """`n` different rows that keep the contract, classes of the label in equal shares; the same for the same seed.

    Raises ValueError when the contract does not allow that many different rows.
    """
    rng = np.random.default_rng(seed)
    label, key = contract.one("label"), contract.one("id")
    drawn = pl.DataFrame([_drawn(column, 2 * n, rng) for column in contract if column is not label])
    if key is None:
        drawn = drawn.unique(maintain_order=True)
    if len(drawn) < n:
        raise ValueError(f"the contract allows fewer than {n} different rows")
    frame = drawn.head(n)
    if label is not None:
        frame = frame.with_columns(_drawn(label, n, rng))
    return frame.select(column.name for column in contract)


def poisoned(contract: Contract, seed: int = 0) -> Iterator[Poison]:
    """A poison for each check of each column and of the table, made of valid rows."""
    label = contract.one("label")
    least = max(200, contract.min_rows * max(2, len(label.categories) if label else 0))
    good = rows(contract, least, seed)
    for column in contract:
        yield from _poisons(column, good)
    yield Poison("a column too many", good.with_columns(pl.lit(1).alias("stranger")), "stranger", "unexpected")
    yield Poison("a row twice", pl.concat([good, good.head(1)]), "", "duplicates")
    yield Poison("too few rows", good.head(contract.min_rows - 1), "", "rows")
    if label is not None and label.dtype != "number":
        one_class = good.filter(pl.col(label.name) == good[label.name][0])
        yield Poison("one class only", one_class, label.name, "labels")


def _drawn(column: Column, n: int, rng: np.random.Generator) -> pl.Series:
    values: list | np.ndarray
    match column.dtype:
        case "number":
            values = np.arange(n) if column.role == "id" else _numbers(column, n, rng)
        case "category":
            values = [column.categories[code] for code in rng.permutation(n) % len(column.categories)]
        case "flag":
            values = rng.permutation(n) % 2 == 1
        case "time":
            values = [START + timedelta(seconds=int(second)) for second in rng.integers(0, SPAN_SECONDS, n)]
        case "text":
            values = [f"{column.name}-{number:07d}" for number in range(n)]
    series = pl.Series(column.name, values)
    return series.set(pl.Series(rng.random(n) < NULL_SHARE), None) if column.nullable else series


def _numbers(column: Column, n: int, rng: np.random.Generator) -> np.ndarray:
    low, high = column.range or (-WIDTH, WIDTH)
    whole = column.range is not None and all(isinstance(end, int) or isinf(end) for end in column.range)
    low = min(high, 0) - WIDTH if isinf(low) else low
    high = low + WIDTH if isinf(high) else high
    return rng.integers(int(low), int(high) + 1, n) if whole else rng.uniform(low, high, n)


def _poisons(column: Column, good: pl.DataFrame) -> Iterator[Poison]:
    name, row = column.name, len(good) // 2

    def poison(what: str, check: Check, frame: pl.DataFrame) -> Poison:
        return Poison(f"{name}: {what}", frame, name, check)

    def holding(value: float | str | None, among: pl.Expr | None = None) -> pl.DataFrame:
        values = pl.col(name) if among is None else among
        return good.with_columns(
            pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(values).alias(name)
        )

    yield poison("no such column", "missing", good.drop(name))
    yield poison("a list in each row", "type", good.with_columns(pl.concat_list(name, name).alias(name)))
    if column.dtype in ("number", "flag", "time"):
        yield poison("a word", "type", holding("neither", pl.col(name).cast(pl.String)))
    if not column.nullable:
        yield poison("a null", "nulls", holding(None))
    if column.dtype == "number":
        yield poison("an infinite number", "finite", holding(float("inf")))
    low, high = column.range or (-np.inf, np.inf)
    if not isinf(low):
        yield poison("below the range", "range", holding(low - 1))
    if not isinf(high):
        yield poison("above the range", "range", holding(high + 1))
    if column.dtype == "category" and column.unseen == "refuse":
        yield poison("an unknown category", "categories", holding("".join(column.categories) + "?"))
    if column.role == "id":
        others = [pl.col(other).ne_missing(pl.col(other).first()) for other in good.columns if other != name]
        differing = good.filter(pl.any_horizontal(others)).head(1) if others else good.clear()
        if len(differing):
            again = pl.lit(good[name][0]).cast(good.schema[name]).alias(name)
            yield poison("an id twice", "unique", pl.concat([good, differing.with_columns(again)]))
