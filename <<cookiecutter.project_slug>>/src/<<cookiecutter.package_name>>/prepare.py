"""Model rows from the raw table."""

from collections.abc import Mapping

import polars as pl

from .contract import AGE_BANDS, ROW


def prepare(sources: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Rows as `contract.ROW` has them: the label and the age band are made here, features pass through untouched."""
    return (
        sources["applications"]
        .with_columns(eligible=pl.col("income").str.strip_suffix(".") == "<=50K", age_band=band(pl.col("age")))
        .select(column.name for column in ROW)
    )


def band(age: pl.Expr) -> pl.Expr:
    a, b, c, d = map(pl.lit, AGE_BANDS)
    return pl.when(age < 25).then(a).when(age < 45).then(b).when(age < 65).then(c).when(age >= 65).then(d)
