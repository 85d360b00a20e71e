"""Make `data/applications.parquet` from the Census Income table: `make_data.py ADULT.parquet APPLICATIONS.parquet`.

Adds what triage needs and the census lacks, both made up: when each application was received (seeded; in the working
hours of 2025) and a number that follows that order. All other columns stay as they are.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

SEED = 20250101
OPENS, CLOSES = 8, 17


def applications(census: pl.DataFrame) -> pl.DataFrame:
    """The census in the order in which its people are said to have applied."""
    random = np.random.default_rng(SEED)
    days = np.arange("2025-01-01", "2026-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    minutes = random.integers(OPENS * 60, CLOSES * 60, len(census)).astype("timedelta64[m]")
    received = random.choice(days, len(census)).astype("datetime64[us]") + minutes
    return (
        census.select(pl.Series("received", received).dt.replace_time_zone("UTC"), pl.all())
        .sort("received", maintain_order=True)
        .select(
            pl.format("A-{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)).alias("application_id"),
            pl.all(),
        )
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = map(Path, sys.argv[1:])
    applications(pl.read_parquet(source)).write_parquet(
        target, compression="zstd", compression_level=19, statistics=False
    )
