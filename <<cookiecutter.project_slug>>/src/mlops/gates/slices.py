"""In no slice of the rows is the model far worse than on all of them.

Slices are those that `mlops.yaml` declares, and those found: the values of each feature, quarters of a number, and what
each two features have together. A slice is refused when it is shown to be far worse: when even the near end of its
interval is, after a correction for all that were looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from mlops.gates import limits
from mlops.gates.base import Context, Verdict, judged
from mlops.gates.cells import divided, foretold
from mlops.sections import Count, Positive, Text
from mlops.stats import Interval, means
from mlops.words import counted

id, stage = "slices", "model"

MEND = "See what these rows have in common and mend the model or the data; or let it stand for a while by a waiver."


class Limits(limits.Limits):
    """Errors are squared distances of predictions from the truth, as a share of the label's variance: in the slice
    where that is greater, since what varies more is harder to foretell."""

    most_worse: Positive = 0.5
    """How much greater the error in a slice may be than on all rows: 0.5 is half of the label's variance."""
    least_rows: Count = 100
    """Found slices of fewer rows are not judged; a declared one is refused."""
    declared: dict[Text, Text] = {}
    """Slices by name, each the condition for a row of ROW to be in it: `age < 25 and occupation = 'Sales'`."""


@dataclass(frozen=True)
class Slice:
    """How much greater its error is than that of all rows, and the standard error of that.

    `within` names the slices that a found one lies in; a declared one lies in none.
    """

    name: str
    within: tuple[str, ...]
    worse: float
    doubt: float
    rows: int


def measure(context: Context) -> list[Slice]:
    label, rows, predictions = context.tested
    truth, said = foretold(label, rows.y, predictions)
    errors, truth, one = ((said - truth) ** 2).sum(axis=1), truth - truth.mean(axis=0), np.zeros(len(rows.y), int)

    def variance(weight: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """Of the label in each cell, summed over its classes."""
        first, second = ([np.bincount(cell, weight * each) for each in some.T] for some in (truth, truth**2))
        whole = np.bincount(cell, weight)
        return (np.array(second) / whole - (np.array(first) / whole) ** 2).sum(axis=0)

    def worse(weight: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mean, doubt, count = means(errors, weight, cell)
        with np.errstate(invalid="ignore"):
            scale = np.maximum(variance(weight, cell), of_all)
        return mean / scale - usual, doubt / scale, count

    of_all = variance(rows.weight, one)
    usual = np.average(errors, weights=rows.weight) / of_all
    found = []
    for name, inside in declared(context):
        found.append(Slice(name, (), *np.ravel(worse(rows.weight * inside, one)).tolist()))
    for cells in divided(context.row.features, rows.x):
        for values, *figures in zip(cells.names, *worse(rows.weight, cells.of), strict=True):
            within = tuple(" ".join(pair) for pair in zip(cells.by, values, strict=True))
            found.append(Slice(" and ".join(within), within, *figures))
    return found


def declared(context: Context) -> Iterator[tuple[str, np.ndarray]]:
    """Whether each test row is in a slice, by its name. Raises Misuse when a condition is none."""
    test = pl.scan_parquet(context.files["rows"] / "test.parquet")
    for name, condition in context.settings.limits(id, Limits).declared.items():
        try:
            inside = test.select(pl.sql_expr(condition).cast(pl.Boolean, strict=True).fill_null(False)).collect()
        except pl.exceptions.PolarsError as error:
            what = f"`gates.slices.declared.{name}` is no condition for rows: {str(error).splitlines()[0]}."
            raise context.settings.wrong(what, "gates", id, "declared", name) from None
        yield name, inside.to_series().to_numpy()


def check(measured: list[Slice], limits: Limits) -> Iterator[Verdict]:
    """On each declared slice, each found one that is refused and lies in no other such, and the worst of the rest."""
    large = [each for each in measured if each.rows >= limits.least_rows]
    for each in measured:
        if each.rows < limits.least_rows and not each.within:
            why = f"{each.name} has {counted(int(each.rows), 'row')}, and is judged by at least {limits.least_rows}."
            yield Verdict(id, each.name, None, limits.most_worse, False, why, "Declare it wider, or fetch more rows.")
    refused, passed = set(), {}
    for each in large:
        if refused.isdisjoint(each.within):
            interval = Interval.normal(each.worse, each.doubt, len(large))
            what = f"error where {each.name}, less that in all rows,"
            verdict = judged(id, MEND, what, interval, "at most", limits.most_worse, show="bad")
            if verdict.passed and each.within:
                passed[each.name] = interval.low, verdict
            else:
                refused.add(each.name)
                yield replace(verdict, subject=each.name)
    why = f"of {counted(len(passed), 'slice')} found of {limits.least_rows} rows or more none is far worse"
    if passed:
        _, worst = max(passed.values(), key=lambda pair: pair[0])
        yield replace(worst, subject="found", why=f"{why}; the nearest: {worst.why}")
    elif not large:
        yield Verdict(id, "found", None, limits.most_worse, True, f"{why}.")
