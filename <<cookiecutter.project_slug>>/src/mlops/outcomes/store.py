"""Outcomes in `.mlops/outcomes/`: Parquet parts, each written once and named after the key of its ids, and when."""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import polars as pl

from mlops import files
from mlops.contract.read import reading, scan
from mlops.contract.table import INSTANT
from mlops.contract.types import Column
from mlops.errors import Misuse
from mlops.outcomes import ids, rows
from mlops.platform.local.lock import locked

SCHEMA = {"id": pl.String, "outcome": pl.Null, "observed": pl.Boolean, "time": INSTANT, "decision": pl.String}
EMPTY = pl.DataFrame(schema=SCHEMA | {"received": INSTANT})
WHEN = "%Y%m%dT%H%M%S"
"""When a part came, in UTC, in its name."""


def add(
    state: Path, file: Path, label: Column, now: datetime, late: datetime, key: bytes | None = None
) -> dict[str, int]:
    """Store what a file says that was not known, as one part, and count its rows as `rows.added` does.

    `label` is the contract's column that an outcome is a value of; `key` hashes the ids, else the project's own does.
    Stores nothing and raises Misuse when anything in the file is wrong or key or label are not those of what is stored,
    Failure when the disk refuses.
    """
    found, folder = rows.read(file, label, now), state / "outcomes"
    with locked(folder / "lock"):
        known, used = stored(folder), {part.name[:12] for part in folder.glob("*.parquet")}
        if known.schema["outcome"] not in (pl.Null, found.schema["outcome"]):
            raise Misuse("has outcomes of another type than the label has now. Move it elsewhere first.", folder)
        key = key or ids.key(state / ids.FILE, used)
        hashed = pl.Series("id", [ids.hashed(id, key) for id in found["id"]])
        worth, counts = rows.added(known, found.with_columns(hashed, received=pl.lit(now, INSTANT)), late)
        if len(worth):
            name = f"{ids.fingerprint(key)}-{now:{WHEN}}-{uuid4().hex}.parquet"
            with files.replacing(folder / name) as draft, BytesIO() as whole:
                worth.write_parquet(whole)
                draft.write_bytes(whole.getvalue())
        return counts


def stored(folder: Path) -> pl.DataFrame:
    """Every row, as in EMPTY, the outcome typed as the label is. Raises Misuse that names a damaged part."""
    with reading(folder):
        parts = map(scan, sorted(folder.glob("*.parquet")))
        return pl.concat([EMPTY.lazy(), *parts], how="vertical_relaxed").collect()


def read(folder: Path) -> pl.DataFrame:
    """One row for each id: the one that counts. Its outcome is null exactly where it is not observed."""
    return rows.winners(stored(folder))


def joined(outcomes: pl.DataFrame, log: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The predictions with an outcome (the log's columns, then outcome, outcome_time, decided), and how many are

    - matched: these predictions; waiting: predictions for which nothing came yet; unobserved: predictions of which
      nobody learned what became of them, which does not make them negatives;
    - unknown: ids of outcomes that the log has no prediction of.

    `outcomes` is what `read` gives; `log` has a column `id` hashed with the same key, perhaps several times the same.
    """
    answers = outcomes.select("id", "outcome", "observed", outcome_time="time", decided="decision")
    every = log.join(answers, on="id", how="left", maintain_order="left")
    observed, unknown = pl.col("observed"), answers.join(log, on="id", how="anti").height
    counts = every.select(matched=observed.sum(), waiting=observed.null_count(), unobserved=(~observed).sum())
    return every.filter(observed).drop("observed"), counts.row(0, named=True) | {"unknown": unknown}
