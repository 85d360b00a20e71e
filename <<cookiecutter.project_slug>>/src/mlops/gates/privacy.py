"""Columns or values that look like personal data and are not declared as such do not pass."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from mlops.contract.read import reading, scan
from mlops.contract.table import typed
from mlops.contract.types import Column
from mlops.gates import limits, personal
from mlops.gates.base import Context, Verdict
from mlops.sections import Share
from mlops.specs.load import meant
from mlops.words import counted

id, stage = "privacy", "data"

NAME = "name"
SAMPLE, DIGITS = 10_000, 1e7
"""How many different values of a column are looked at, and above what a number may be one of a person."""

MEND = (
    "Leave the column out where the table is made. If it must be kept, say personal=True in contract.py, which no "
    "feature can be. If it is about nobody, name it in gates.privacy.harmless in mlops.yaml and say why."
)


class Limits(limits.Limits):
    most_share: Share = 0.01
    """The greatest share of a column's different values that may look like personal data of one kind."""
    harmless: list[str] = []
    """Columns, written SOURCE.COLUMN, that look like personal data and are about nobody."""


def measure(context: Context) -> Mapping[str, Mapping[str, float]]:
    """By column the share of values of each kind of personal data, all of them where its name says so.

    Columns are left out that are declared by `personal`, and numbers of rows. Flags and the like hold none.
    """
    made = [column for column in context.row if not any(column.name in each for each in context.contracts.values())]
    tables = {
        table: [column for column in columns if not column.personal and (column.role, column.dtype) != ("id", "number")]
        for table, columns in {**context.contracts, "ROW": made}.items()
    }
    columns = [(f"{table}.{each.name}", each) for table, columns in tables.items() for each in columns]
    shares = {name: {NAME: 1.0} if _named(column) else {} for name, column in columns}
    for table, path in context.sources.items():
        for name, values in _samples(path, tables[table]).items():
            shares[f"{table}.{name}"] |= personal.found(values)
    return shares


def check(measured: Mapping[str, Mapping[str, float]], limits: Limits) -> Iterator[Verdict]:
    most, judged = limits.most_share, {name: each for name, each in measured.items() if name not in limits.harmless}
    looks = [(name, *each) for name, shares in judged.items() for each in shares.items() if each[1] > most]
    for name, kind, share in looks:
        values = f"{share:.1%} of its different values look like {kind}; {most:.1%} is allowed."
        why = f"{name}: {'it is named like personal data.' if kind is NAME else values}"
        yield Verdict(id, name, share, most, False, why, MEND)
    for name in sorted(set(limits.harmless).difference(measured)):
        why = f"{name} is called harmless, and is no column that is judged: {meant(name, measured)}"
        yield Verdict(id, name, None, None, False, why, "Correct gates.privacy.harmless in mlops.yaml.")
    if not looks:
        why = f"none of {counted(len(judged), 'column')} looks like personal data that is not declared."
        yield Verdict(id, "columns", None, most, True, why)


def _samples(path: Path, columns: Sequence[Column]) -> dict[str, pl.Series]:
    """Of each column that anything may stand in, different values as text: the same ones each time."""
    with reading(path):
        frame = scan(path)
        schema = frame.collect_schema()
        texts = {each.name: _text(each, schema[each.name]) for each in columns if each.name in schema}
        samples = {
            name: frame.select(text=text).drop_nulls().unique().bottom_k(SAMPLE, by=pl.col("text").hash())
            for name, text in texts.items()
            if text is not None
        }
        frames = pl.collect_all(list(samples.values()), engine="streaming")
        return {name: each["text"] for name, each in zip(samples, frames, strict=True)}


def _named(column: Column) -> bool:
    """Whether its name says that it holds personal data; that of an id says what it is the id of."""
    return _open(column) and column.role != "id" and personal.named(column.name)


def _open(column: Column) -> bool:
    """Whether a column may hold what is one person's: no flag, no closed list of categories, no small number."""
    few = column.categories and column.unseen == "refuse" or column.range and column.range[1] <= DIGITS
    return column.dtype != "flag" and not few


def _text(column: Column, dtype: pl.DataType) -> pl.Expr | None:
    value = typed(column, dtype)
    if value is None or column.dtype == "time" or not _open(column):
        return None
    if column.dtype != "number":
        return value.str.strip_chars()
    whole = value.cast(pl.Int64, strict=False)
    return pl.when(value == whole).then(whole.cast(pl.String)).otherwise(pl.lit(""))
