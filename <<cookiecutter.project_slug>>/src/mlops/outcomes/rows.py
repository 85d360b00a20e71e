"""Rows of outcomes: as a file has them, what they add to what is known, and which of all rows of an id counts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from mlops.contract.read import reading, scan
from mlops.contract.table import conform
from mlops.contract.types import Column, Contract
from mlops.contract.validate import violations
from mlops.errors import Misuse

ID, TIME = Column("request_id", "text", "id"), Column("time", "time", nullable=True)
DECISION, LOOKED = Column("decision", "text", nullable=True), Column("looked", "flag", nullable=True)

WHEN = pl.col("time").fill_null(datetime.min.replace(tzinfo=UTC))


def read(file: Path, label: Column, now: datetime) -> pl.DataFrame:
    """Columns id (as the request had it), outcome, observed, time, decision; the outcome typed as the label is.

    A row is observed when it has an outcome and does not say that nobody looked; else its outcome is null. Raises
    Misuse with all that is wrong and where (the first row below the heads is row 1), and quotes no id.
    """
    with reading(file):
        found = scan(file).collect()
    found = found if "looked" in found.columns else found.with_columns(looked=None)
    contract = Contract(ID, replace(label, name="outcome", role="feature", nullable=True), TIME, DECISION, LOOKED)
    if missing := ", ".join(column.name for column in contract if column.name not in found.columns):
        raise Misuse(f"has no column {missing}. It needs request_id, outcome, time, decision; looked if known.", file)
    broken = (each for each in violations(found.lazy(), contract) if each.check not in ("unique", "duplicates"))
    _refuse(file, [f"{each.column}: {each}".removeprefix(": ") for each in broken])
    rows = conform(found.lazy(), contract).collect().with_columns(pl.col(pl.Float64).fill_nan(None))
    answered = pl.col("outcome").is_not_null()
    wrong = {
        "request_id: blank": pl.col("request_id").str.strip_chars() == "",
        "time: missing beside an outcome": answered & pl.col("time").is_null(),
        "time: in the future (as UTC, if it has no zone)": pl.col("time") > now,
    }
    at = ((what, rows.select(where.arg_true() + 1).to_series()) for what, where in wrong.items())
    _refuse(file, [f"{what}: {len(n):,} of {len(rows):,} rows, such as row {n[0]:,}" for what, n in at if len(n)])
    observed = answered & pl.col("looked").fill_null(True)
    return rows.select(pl.when(observed).then("outcome"), "time", "decision", id="request_id", observed=observed)


def _refuse(file: Path, mistakes: list[str]) -> None:
    if mistakes:
        raise Misuse("\n  ".join(("nothing of it is stored. Correct it, then repeat:", *mistakes)), file)


def added(known: pl.DataFrame, rows: pl.DataFrame, late: datetime) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows worth storing beside those that are `known`, and how many of `rows` are

    - new: the first of their id; duplicate: with id, outcome and decision of an earlier row; contradictory: with
      another outcome than an earlier row; revised: the first outcome of a known id, or another decision. Each row is
      one of these four;
    - observed or unobserved;
    - late: no duplicate, and of a time before `late`;
    - stored. A duplicate is worth it when its time is later, since it may then outdo what came in between.
    """
    content = ("id", "outcome", "observed", "decision")
    new, duplicate = pl.col("id").is_first_distinct(), ~pl.struct(content).is_first_distinct()
    outcomes = (pl.col("observed") & pl.struct("id", "outcome").is_first_distinct()).cum_sum().over("id")
    contradictory = ~duplicate & pl.col("observed") & (outcomes > 1)
    every = pl.concat([known.join(rows, on="id", how="semi"), rows.select(known.columns)], how="vertical_relaxed")
    marks = every.select(
        new=new,
        duplicate=duplicate,
        contradictory=contradictory,
        revised=~(new | duplicate | contradictory),
        observed="observed",
        unobserved=~pl.col("observed"),
        late=~duplicate & (pl.col("time") < late),
        stored=(WHEN.cum_max().shift(1).over(content) < WHEN).fill_null(True),
    ).tail(len(rows))
    return rows.filter(marks["stored"]).select(known.columns), marks.sum().row(0, named=True)


def winners(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each id: the latest observed one, else the latest one.

    When the latest observed ones have different outcomes, the id counts as unobserved.
    """
    best = rows.filter(pl.col("observed") == pl.col("observed").max().over("id"))
    last = best.filter(WHEN.max().over("id") == WHEN).sort("received", "decision", "id")
    agree, final = pl.col("outcome").n_unique().over("id") == 1, pl.col("id").is_last_distinct()
    return last.with_columns(pl.when(agree).then("outcome"), pl.col("observed") & agree).filter(final)
