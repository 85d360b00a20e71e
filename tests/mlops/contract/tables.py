"""Tables of all kinds of columns, and the profiles of one."""

import json
from datetime import datetime

import polars as pl
from hypothesis import strategies as st

from mlops.contract.moved import Move, moved
from mlops.contract.profile import ColumnProfile, Profile, profile
from mlops.contract.types import Column, Contract

JOBS = ("clerk", "cook", "smith")
CONTRACT = Contract(
    Column("number", "number", nullable=True),
    Column("job", "category", categories=JOBS, nullable=True),
    Column("flag", "flag", nullable=True),
    Column("time", "time", nullable=True),
    Column("text", "text", "context", nullable=True),
    Column("sex", "category", "context", categories=("f", "m"), nullable=True, sensitive=True),
)
ROWS = st.lists(
    st.tuples(
        st.none() | st.floats(),
        st.none() | st.sampled_from(JOBS),
        st.none() | st.booleans(),
        st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.none() | st.sampled_from("fm"),
    ),
    max_size=30,
)
SCHEMA = {"number": pl.Float64, "job": pl.String, "flag": pl.Boolean, "time": pl.Datetime("us"), "text": pl.String}


def table(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, {**SCHEMA, "sex": pl.String}, orient="row")


def of(values, column: Column | None = None, dtype=None) -> ColumnProfile:
    """The profile of a table's only column."""
    frame = pl.DataFrame({"it": pl.Series(values, dtype=dtype, strict=False)})
    return profile(frame.lazy(), Contract(column) if column else None).columns["it"]


def whole(each: Profile) -> dict:
    """As JSON holds it."""
    return json.loads(json.dumps(each.plain(), allow_nan=False))


def uncounted(column: ColumnProfile) -> int:
    return column.rows - column.nulls - sum(column.counts.values())


def alone(a: ColumnProfile, b: ColumnProfile) -> Move | None:
    """What moved between two tables of one column."""
    found = moved(Profile(a.rows, {"it": a}), Profile(b.rows, {"it": b}))
    return next((each for each in found if each.column), None)
