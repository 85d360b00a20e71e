"""Which polars types hold which contract dtype, and how they are read. The one place that says so.

| contract | accepted                                                                   | read as                |
|----------|----------------------------------------------------------------------------|------------------------|
| number   | every integer, float and decimal; text that is a number ("3", "1e5")       | Float64, NaN is null   |
| category | String, Categorical, Enum; integers, by their digits                       | String                 |
| flag     | Boolean; numbers 0 and 1; text true, false, 0, 1 in any case               | Boolean                |
| time     | Datetime of any unit and zone (without one: UTC), Date; ISO 8601 text      | Datetime("us", "UTC")  |
| text     | String, Categorical, Enum; integers, by their digits                       | String                 |

A column of nothing but nulls is read as any of them. A value that cannot be read becomes null.
"""

import polars as pl

from mlops.contract.types import Column, Contract

INSTANT = pl.Datetime("us", "UTC")
ISO_8601 = ("%+", "%FT%T%.f", "%F %T%.f", "%FT%R", "%F %R", "%F")
FLAGS = {"true": True, "1": True, "false": False, "0": False}


def typed(column: Column, dtype: pl.DataType) -> pl.Expr | None:
    """The column's values as the contract's type; None when a column of this `dtype` cannot hold them."""
    value = pl.col(column.name)
    text = isinstance(dtype, pl.String)
    match column.dtype:
        case "number" if dtype.is_numeric() or text:
            return value.cast(pl.Float64, strict=False)
        case "category" | "text" if text or dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum):
            return value.cast(pl.String)
        case "flag" if isinstance(dtype, pl.Boolean):
            return value
        case "flag" if dtype.is_numeric():
            return pl.when(value == 1).then(True).when(value == 0).then(False)
        case "flag" if text:
            return value.str.to_lowercase().replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
        case "time" if isinstance(dtype, pl.Datetime | pl.Date):
            return value.cast(INSTANT)
        case "time" if text:
            return pl.coalesce(
                value.str.to_datetime(iso, strict=False, time_unit="us", time_zone="UTC") for iso in ISO_8601
            )
    if isinstance(dtype, pl.Null):
        plain = {"number": pl.Float64, "flag": pl.Boolean, "time": INSTANT}
        return value.cast(plain.get(column.dtype, pl.String))
    return None


def conform(frame: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """The contract's columns of a table that passed validation, in the contract's order and the types above."""
    schema = frame.collect_schema()
    readable = (typed(column, schema[column.name]) for column in contract if column.name in schema)
    return frame.select(value for value in readable if value is not None)
