"""From a table to the arrays that features and models work on."""

from collections.abc import Iterable

import polars as pl

from mlops.contract.table import typed
from mlops.contract.types import NULL, UNSEEN, Column, Columns
from mlops.errors import Misuse

NAN = float("nan")


def encode(frame: pl.DataFrame, columns: Iterable[Column]) -> Columns:
    """Arrays as `Columns` says, one for each of `columns`, in their order.

    Values that a contract would refuse are not judged here: an unknown category is UNSEEN, an unreadable one null.
    Raises Misuse when a column is missing or of a type that cannot hold it. The arrays may be read-only views.
    """
    coded = frame.select(_codes(column, frame.schema) for column in columns)
    return {series.name: series.to_numpy() for series in coded.iter_columns()}


def _codes(column: Column, schema: pl.Schema) -> pl.Expr:
    dtype = schema.get(column.name)
    if dtype is None:
        raise Misuse(f"the table has no column '{column.name}', which its contract names.")
    value = typed(column, dtype)
    if value is None:
        raise Misuse(f"column '{column.name}' is {dtype}, which cannot be read as {column.dtype}.")
    match column.dtype:
        case "number":
            value = value.fill_null(NAN)
        case "time":
            value = (value.dt.epoch("us") / 1e6).fill_null(NAN)
        case "flag":
            value = value.cast(pl.Int8).fill_null(NULL)
        case "category":
            code = value.cast(pl.Enum(column.categories), strict=False).to_physical().cast(pl.Int32)
            value = pl.when(value.is_null()).then(NULL).otherwise(code.fill_null(UNSEEN)).cast(pl.Int32)
    return value.alias(column.name)
