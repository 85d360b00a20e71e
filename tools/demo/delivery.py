"""Writes a delivery of applications without the refused ones of people who work long hours: `python delivery.py FILE`."""

import sys

import polars as pl

whole = pl.read_parquet("data/applications.parquet")
refused = pl.col("income").cast(pl.String).str.starts_with(">")
whole.filter(~refused | (pl.col("hours_per_week") <= 40)).write_parquet(sys.argv[1])
