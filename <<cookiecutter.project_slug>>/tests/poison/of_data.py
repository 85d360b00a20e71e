"""Poisons for the gates of stage data."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import polars as pl

from mlops.contract.synthetic import poisoned
from mlops.contract.table import typed
from mlops.contract.violation import Check
from mlops.gates import freshness
from mlops.gates.base import Verdict

from .copies import Copy, Nothing
from .poisons import poison

MISTAKES: dict[Check, str] = {
    "missing": "a column is missing",
    "range": "a number is out of its range",
    "unique": "an id is there twice",
    "rows": "the table is cut off",
}
DECLARED = """
from dataclasses import replace


def _other(contract):
    columns = {columns}
    return Contract(*columns, min_rows=contract.min_rows, min_label_share=contract.min_label_share)


SOURCES = {{name: _other(each) if name == "{source}" else each for name, each in SOURCES.items()}}
"""
"""Another contract for a source, in contract.py."""


def mistaken(check: Check, copy: Copy) -> list[Verdict]:
    for name, contract in copy.sources.items():
        for each in poisoned(contract):
            if each.check == check:
                copy.give(name, each.frame)
                return copy.run()
    raise Nothing(f"no contract of a source rules out that {MISTAKES[check]}")


for check, what in MISTAKES.items():
    poison(what, "schema")(partial(mistaken, check))


def aged(copy: Copy, days: int) -> list[Verdict]:
    """Rows of which the newest is so many days old."""
    name, time = copy.find("a column with role 'time'", lambda column: column.role == "time")
    table = copy.tables[name]
    value: Any = typed(time, table.schema[time.name])
    moved = (date.today() - table.select(value.max().dt.date()).item()).days - days
    copy.give(name, table.with_columns(value + timedelta(days=moved)))
    return copy.run()


@poison("rows from the future", "freshness")
def future(copy: Copy) -> list[Verdict]:
    return aged(copy, days=-30)


@poison("rows that are too old", "freshness")
def old(copy: Copy) -> list[Verdict]:
    return aged(copy, days=copy.settings.limits("freshness", freshness.Limits).most_days + 1)


def described(copy: Copy, **said: Any) -> list[Verdict]:
    """A source of which mlops.yaml says something else."""
    copy.edit("mlops.yaml", lambda plain: plain["data"][next(iter(copy.sources))].update(said))
    return copy.run()


@poison("data past its date", "data_use")
def past(copy: Copy) -> list[Verdict]:
    return described(copy, keep_until=date.today() - timedelta(days=1))


@poison("a purpose that nobody wrote down", "data_use")
def aimless(copy: Copy) -> list[Verdict]:
    return described(copy, purpose="TBD")


@poison("e-mail addresses in a new column", "privacy")
def personal(copy: Copy) -> list[Verdict]:
    name = next(iter(copy.sources))
    table = copy.tables[name]
    columns = '[*contract, Column("remark", "text", "context")]'
    copy.append("contract", DECLARED.format(source=name, columns=columns))
    copy.give(name, table.with_columns(remark=pl.format("p{}@example.org", pl.int_range(pl.len()))))
    return copy.run()


@poison("a feature that gives the label away", "leakage")
def leaking(copy: Copy) -> list[Verdict]:
    name, label = copy.find("a column with role 'label'", lambda column: column.role == "label")
    feature = number(copy, name)
    spread = pl.col(label.name).rank("dense") / pl.col(label.name).rank("dense").max()
    low, high = pl.col(feature).min(), pl.col(feature).max()
    copy.give(name, copy.tables[name].with_columns((low + (high - low) * spread).alias(feature)))
    return copy.run()


@poison("a feature that nobody knows in time", "leakage")
def late(copy: Copy) -> list[Verdict]:
    row = copy.package.contract.ROW
    name, feature = copy.find("a feature of ROW", lambda column: column.role == "feature" and column.name in row)
    columns = f'[replace(each, role="context") if each.name == "{feature.name}" else each for each in contract]'
    copy.append("contract", DECLARED.format(source=name, columns=columns))
    return copy.run()


@poison("all but three rows of a group are gone", "representativeness")
def gone(copy: Copy) -> list[Verdict]:
    name, group = sensitive(copy)
    table = copy.tables[name]
    some = table[group] == table[group].drop_nulls().first()
    copy.give(name, pl.concat([table.filter(~some), table.filter(some).head(3)]))
    return copy.run()


def number(copy: Copy, source: str) -> str:
    """The last number of a source that is a feature."""
    found = [each.name for each in copy.sources[source] if (each.dtype, each.role) == ("number", "feature")]
    if not found:
        raise Nothing(f"no feature of {source} is a number")
    return found[-1]


def sensitive(copy: Copy) -> tuple[str, str]:
    """A source, and a sensitive column of it that ROW has too."""
    row = copy.package.contract.ROW
    name, column = copy.find("a sensitive column", lambda column: column.sensitive and column.name in row)
    return name, column.name
