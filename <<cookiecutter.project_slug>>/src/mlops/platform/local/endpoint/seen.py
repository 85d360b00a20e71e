"""What the logs of this machine's endpoint show: read anew at each look, so that late lines find their place."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from mlops import settings
from mlops.outcomes import store
from mlops.platform.base import Bucket, Edges
from mlops.release.observe import buckets, worths
from mlops.steps.package import package

SPAN_SECONDS = 1.0
OF_ANY = {"time": pl.Float64, "deployment": pl.String}
NUMBERED = OF_ANY | {"row": pl.Int64}
TRAFFIC = OF_ANY | {"status": pl.Int64, "ms": pl.Float64}
WORTHS = OF_ANY | {"worth": pl.Float64}


def seen(project: Path, since: float, edges: Edges) -> tuple[Bucket, ...]:
    logs, now = project / ".mlops" / "serving", datetime.now(UTC).timestamp()
    kind = pl.String if isinstance(edges.scores[0], str) else pl.Float64
    traffic = lines(logs / "traffic", since, TRAFFIC)
    predictions = lines(logs / "predictions", since, NUMBERED | {"outputs": pl.Struct({edges.column: kind})})
    predicted = predictions.select(*NUMBERED, predicted=pl.col("outputs").struct.field(edges.column))
    worth = _worths(project, logs / "predictions", since)
    return buckets(traffic.lazy(), predicted.lazy(), worth.lazy(), edges, since, now, SPAN_SECONDS)


def lines(folder: Path, since: float, schema: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """The lines of a log, from files that were written to since then; what a dying process cut off is left out."""
    found = [file for file in folder.glob("*.jsonl") if file.stat().st_mtime >= since]
    return pl.concat([pl.DataFrame(schema=schema), *(_whole(file, schema) for file in found)], how="diagonal_relaxed")


def _whole(file: Path, schema: Mapping[str, Any] | None) -> pl.DataFrame:
    try:
        return pl.read_ndjson(file, schema=schema, infer_schema_length=None)
    except pl.exceptions.PolarsError:
        whole = b"".join(line for line in file.read_bytes().splitlines(keepends=True) if _is_json(line))
        return pl.read_ndjson(whole, schema=schema, infer_schema_length=None) if whole else pl.DataFrame(schema=schema)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _worths(project: Path, predictions: Path, since: float) -> pl.DataFrame:
    outcomes = store.read(project / ".mlops" / "outcomes")
    log = lines(predictions, since) if len(outcomes) else pl.DataFrame()
    if not len(log):
        return pl.DataFrame(schema=WORTHS)
    label = package(settings.load(project / "mlops.yaml")).contract.ROW.one("label")
    return worths(outcomes, log.select(*OF_ANY, "id", "outputs").unnest("outputs"), label)
