"""Every way in which a table breaks its contract, found in one streaming pass over it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import polars as pl

from mlops.contract.table import typed
from mlops.contract.types import Column, Contract
from mlops.contract.violation import Check, Example, Violation
from mlops.words import counted, shown

ROW = "__row__"

Readable = Mapping[str, pl.Expr]
"""The values, as the contract types them, of each column that is there and can be read."""


def violations(frame: pl.LazyFrame, contract: Contract) -> list[Violation]:
    """What is wrong with the table, in the order of the contract's columns; nothing if it passes.

    A column that the contract does not name is refused: what is kept about people is declared. Rows are duplicates
    when they agree in all of the contract's columns; ids are unique when rows that are no duplicates differ in them.
    Labels are not judged in a table with too few rows.

    Values are judged in one streaming pass, ids in another over their column alone, which takes 16 bytes a row beside
    what polars streams; only examples of what is wrong are looked up after that. Raises polars' errors when the table
    cannot be read: call it inside `read.reading`.
    """
    schema = frame.collect_schema()
    known = readable(schema, contract)
    checks = [rule for column in contract if column.name in known for rule in rules(column, known)]
    classes = _classes(contract, known)
    rows = frame.with_row_index(ROW, offset=1)
    counts = rows.select(
        pl.len().alias("rows"),
        *(value.sum().alias(f"class {name}") for name, value in classes.items()),
        *(check.broken.sum().alias(str(place)) for place, check in enumerate(checks)),
    )
    seen = counts.collect(engine="streaming").row(0, named=True)
    broken = [(check, count) for place, check in enumerate(checks) if (count := seen[str(place)])]
    examples = pl.collect_all([check.examples(rows) for check, _ in broken], engine="streaming")
    return [
        *columns(schema, contract, seen["rows"]),
        *(check.violation(count, some) for (check, count), some in zip(broken, examples, strict=True)),
        *_repeats(rows, contract, known),
        *_size(contract, seen["rows"], {name: seen[f"class {name}"] for name in classes}),
    ]


def readable(schema: pl.Schema, contract: Contract) -> Readable:
    found = {each.name: typed(each, schema[each.name]) for each in contract if each.name in schema}
    return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Rule:
    """What a value of a column must not be: `broken` says for each row whether it is, `what` says it in words."""

    column: Column
    check: Check
    broken: pl.Expr
    what: str

    def examples(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Three different offending values, of the first that there are; only their rows if none may be quoted."""
        name = self.column.name
        first = rows.filter(self.broken).select(ROW, name).head(1000)
        three = first.unique(name, keep="first", maintain_order=True).head(3)
        return three if self.column.quotable else three.select(ROW)

    def violation(self, count: int, examples: pl.DataFrame) -> Violation:
        what = f"{counted(count, 'value')} {self.what}"
        return Violation(self.column.name, self.check, count, what, tuple(Example(*row) for row in examples.rows()))


def rules(column: Column, readable: Readable) -> Iterator[Rule]:
    raw, value = pl.col(column.name), readable[column.name]
    number = column.dtype == "number"
    yield Rule(column, "type", raw.is_not_null() & value.is_null(), f"that cannot be read as {column.dtype}")
    if not column.nullable:
        yield Rule(column, "nulls", raw.is_null() | value.is_nan() if number else raw.is_null(), "missing")
    if number:
        yield Rule(column, "finite", value.is_infinite(), "equal to infinity")
    if column.range:
        low, high = column.range
        outside = value.is_finite() & ~value.is_between(low, high)
        yield Rule(column, "range", outside, f"outside {shown(low)} to {shown(high)} {column.unit}".rstrip())
    if column.categories and column.unseen == "refuse":
        yield Rule(column, "categories", ~value.is_in(column.categories), "in no category of the contract")


def columns(schema: pl.Schema, contract: Contract, rows: int = 0) -> Iterator[Violation]:
    """Columns that are missing, of a type that cannot hold them, or not in the contract."""
    known = readable(schema, contract)
    strangers = {name.lower(): name for name in schema if name not in contract}
    for column in contract:
        if column.name not in schema:
            alike = get_close_matches(column.name.lower(), strangers, n=1)
            hint = f"; is it '{strangers.pop(alike[0])}'?" if alike else ""
            yield Violation(column.name, "missing", rows, f"the column is missing{hint}")
        elif column.name not in known:
            what = f"the column is {schema[column.name]}, which cannot be read as {column.dtype}"
            yield Violation(column.name, "type", rows, what)
    for name in strangers.values():
        yield Violation(name, "unexpected", rows, "the contract names no such column")


def _repeats(rows: pl.LazyFrame, contract: Contract, readable: Readable) -> Iterator[Violation]:
    """Rows that repeat an id or, in a contract without one, a whole row: found by their hashes, then looked at."""
    id = contract.one("id")
    key = id.name if id else None
    if not readable.keys() >= ({key} if key else {column.name for column in contract}):
        return
    whole = pl.sum_horizontal(pl.col(name).hash(seed) for seed, name in enumerate(readable))
    mark = pl.col(key).hash() if key else whole
    hashes = np.sort(rows.select(mark.alias("mark")).collect(engine="streaming")["mark"].to_numpy())
    repeated = hashes[1:][hashes[1:] == hashes[:-1]]
    if not repeated.size:
        return
    suspects = rows.filter(mark.is_in(pl.Series(repeated).implode()))
    found = suspects.select(row=ROW, key=key or ROW, whole=whole).collect(engine="streaming").sort("row")
    first = found["whole"].is_first_distinct()
    if copies := found.filter(~first)["row"].to_list():
        yield _repeated("", "duplicates", copies, "repeating an earlier one")
    others = found.filter(first & found["key"].is_not_null())
    if key and (again := others.filter(~others["key"].is_first_distinct())["row"].to_list()):
        yield _repeated(key, "unique", again, "with the id of another row")


def _repeated(column: str, check: Check, rows: list[int], what: str) -> Violation:
    ends = dict.fromkeys((rows[0], rows[-1]))
    return Violation(column, check, len(rows), f"{counted(len(rows), 'row')} {what}", tuple(map(Example, ends)))


def _classes(contract: Contract, readable: Readable) -> dict[str, pl.Expr]:
    label = contract.one("label")
    if label is None or label.name not in readable or label.dtype == "number":
        return {}
    value = readable[label.name]
    return {name: value == name for name in label.categories} or {"true": value, "false": ~value}


def _size(contract: Contract, rows: int, classes: Mapping[str, int]) -> Iterator[Violation]:
    label = contract.one("label")
    if rows < contract.min_rows:
        yield Violation("", "rows", rows, f"{counted(rows, 'row')}, fewer than the {contract.min_rows:,} it must have")
    elif label is not None and classes:
        occurring = [name for name, count in classes.items() if count]
        rare = {name: count / rows for name, count in classes.items() if count < contract.min_label_share * rows}
        if len(occurring) < 2:
            what = f"only '{occurring[0]}' occurs" if occurring else "no class occurs"
            yield Violation(label.name, "labels", 1, f"{what}, where a label has at least two classes")
        elif rare:
            some = ", ".join(f"'{name}' {share:.2%}" for name, share in rare.items())
            what = f"{counted(len(rare), 'class')} below a share of {contract.min_label_share:.2%}: {some}"
            yield Violation(label.name, "labels", len(rare), what)
