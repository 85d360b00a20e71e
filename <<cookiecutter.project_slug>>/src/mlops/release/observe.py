"""Buckets, made of the rows of logs: in the same way on a laptop and in Azure."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlops import settings
from mlops.contract.types import Column, Columns
from mlops.outcomes.log import is_whole
from mlops.outcomes.store import joined
from mlops.platform.endpoint import Bucket, Edges
from mlops.settings import Online
from mlops.steps.package import package

OF_ANY = {"time": pl.Float64, "deployment": pl.String}
TRAFFIC = OF_ANY | {"status": pl.Int64, "ms": pl.Float64}
OUTPUTS = {"score": pl.Float64, "value": pl.Float64, "decision": pl.String, "label": pl.String}
PREDICTIONS = OF_ANY | {"id": pl.String, "outputs": pl.List(pl.Struct(OUTPUTS))}
WORTHS = OF_ANY | {"worth": pl.Float64}


def edges(online: Online, predicted: Mapping[str, Any]) -> Edges:
    """From 1/16 of the limit of latency to twice as much in steps of √2; `predicted` is that of a metrics.json."""
    latency = (online.p95_ms * 2 ** (half / 2) for half in range(-8, 3))
    return Edges(tuple(latency), predicted["column"], tuple(predicted.get("names") or predicted["edges"]))


def buckets(
    traffic: pl.LazyFrame, predictions: pl.LazyFrame, worths: pl.LazyFrame, edges: Edges, since: float, now: float,
    seconds: float,
) -> tuple[Bucket, ...]:  # fmt: skip
    """The spans of so many seconds that started at `since` or later and are over `now`, in the order of time.

    All rows have `time` (seconds since 1970) and `deployment`. Those of traffic are requests, with `status` (0 or null
    where there was no answer) and `ms`, which counts for answers that are no errors. Those of predictions are requests
    too, with `predicted`, the column that `edges` name of the first row (the others are often alike). Those of worths
    have `worth`, at the time of the prediction. A row that comes late belongs to its old span, which is whole when it
    is read again.
    """
    status, worth = pl.col("status").fill_null(0), pl.col("worth").cast(pl.Float64)
    failed = (status >= 500) | (status == 0)
    answers = traffic.select("time", "deployment", failed=failed, ms=pl.when(~failed).then("ms"))
    start = (pl.col("time") / seconds).floor() * seconds
    closed = (start >= since) & (start + seconds <= now)
    rows = pl.concat([answers, predictions, worths], how="diagonal_relaxed").filter(closed)
    spans = rows.group_by("deployment", start=start).agg(
        requests=pl.col("failed").count(),
        errors=pl.col("failed").sum(),
        latency=_bins(pl.col("ms"), edges.latency),
        scores=_bins(pl.col("predicted"), edges.scores),
        outcomes=pl.concat_list(worth.count().cast(pl.Float64), worth.sum(), (worth**2).sum()),
    )
    found = spans.sort("start", "deployment").collect().iter_rows()
    return tuple(Bucket(*row[:4], *map(tuple, row[4:])) for row in found)


def whole(source: Path | bytes, schema: Mapping[str, Any]) -> pl.DataFrame:
    """The lines of a log; what a dying process cut off is left out."""
    read = partial(pl.read_ndjson, schema=schema, ignore_errors=True)
    try:
        return read(source)
    except pl.exceptions.PolarsError:
        text = source if isinstance(source, bytes) else source.read_bytes()
        return read(b"".join(line for line in text.splitlines(keepends=True) if is_whole(line)))


def firsts(said: pl.DataFrame) -> pl.DataFrame:
    """Of each request in the log of predictions the outputs of its first row, and how many `rows` it had."""
    rows = pl.col("outputs").list
    return said.select(*OF_ANY, "id", rows=rows.len(), first=rows.first()).unnest("first")


def _bins(value: pl.Expr, edges: Sequence[float] | Sequence[str]) -> pl.Expr:
    """How many values there are up to each edge and above the last one, or of each class and of none."""
    if edges and isinstance(edges[0], str):
        bins = [(value == name).sum() for name in edges]
        return pl.concat_list(*bins, value.count() - sum(bins))
    below = [pl.lit(0, pl.UInt32), *((value <= edge).sum() for edge in edges), value.count()]
    return pl.concat_list(*(more - less for less, more in pairwise(below)))


def settled(project: Path, outcomes: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """`worths` of what `firsts` gives, by the project's label.

    Of a request with several rows nobody knows which of them its outcome is about: it is left out.
    """
    said = said.filter(rows=1)
    if not len(outcomes) or not len(said):
        return pl.DataFrame(schema=WORTHS)
    label = package(settings.load(project / "mlops.yaml")).contract.ROW.one("label")
    given = [name for name in OUTPUTS if said[name].null_count() < len(said)]
    log = said.with_columns(pl.col("decision").is_in(["1", "true"])).select(*OF_ANY, "id", *given)
    return worths(outcomes, log, label)


def worths(outcomes: pl.DataFrame, log: pl.DataFrame, label: Column) -> pl.DataFrame:
    """What the predictions whose outcome is known were worth: `time`, `deployment` and `worth`, as `buckets` has them.

    `outcomes` is what `mlops.outcomes.store.read` gives. The log has `id`, `time`, `deployment` and the columns of the
    predictions, a row for each request. An id that was given twice is left out: nobody knows which one is meant.
    """
    found, _ = joined(outcomes, log.filter(pl.len().over("id", "deployment") == 1))
    predictions = {name: found[name].to_numpy() for name in ("value", "score", "decision", "label") if name in found}
    return found.select("time", "deployment", worth=worth(label, found["outcome"].to_numpy(), predictions))


def worth(label: Column, y: np.ndarray, predictions: Columns) -> np.ndarray:
    """Of each prediction 1 if it was right and 0 if not; for a number minus the square of its error, over the variance
    of all outcomes: the mean is then a share of right ones, or R² minus 1."""
    if label.dtype == "number":
        return -((predictions["value"] - y) ** 2) / (np.var(y) or 1.0)
    if label.dtype == "category":
        return (predictions["label"] == y).astype(float)
    decided = predictions["decision"] if "decision" in predictions else predictions["score"] >= 0.5
    return (decided == y).astype(float)
