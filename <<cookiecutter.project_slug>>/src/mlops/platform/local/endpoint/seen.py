"""What the logs of this machine's endpoint show. A file that is as it was at the last look is not read again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from mlops.outcomes import store
from mlops.platform.endpoint import Bucket, Edges
from mlops.release.observe import OF_ANY, PREDICTIONS, TRAFFIC, buckets, firsts, settled, whole

SPAN_SECONDS = 1.0
Read = dict[Path, tuple[tuple[int, int], pl.DataFrame]]
"""What was read before: of each file its size, when it was written to, and its lines."""


def seen(project: Path, since: float, edges: Edges, read: Read) -> tuple[Bucket, ...]:
    logs, now = project / ".mlops" / "serving", datetime.now(UTC).timestamp()
    traffic = _lines(logs / "traffic", since, TRAFFIC, read)
    said = _lines(logs / "predictions", since, PREDICTIONS, read)
    predictions = firsts(said)
    predicted = predictions.select(*OF_ANY, predicted=edges.column)
    worth = settled(project, store.read(project / ".mlops" / "outcomes"), predictions)
    return buckets(traffic.lazy(), predicted.lazy(), worth.lazy(), edges, since, now, SPAN_SECONDS)


def _lines(folder: Path, since: float, schema: Mapping[str, Any], read: Read) -> pl.DataFrame:
    """The lines of files that were written to since then; what a dying process cut off is left out."""
    for file in folder.glob("*.jsonl"):
        now = file.stat()
        stamp = now.st_size, now.st_mtime_ns
        if now.st_mtime < since:
            read.pop(file, None)
        elif file not in read or read[file][0] != stamp:
            read[file] = stamp, whole(file, schema)
    own = (lines for file, (_, lines) in read.items() if file.parent == folder)
    return pl.concat([pl.DataFrame(schema=schema), *own])
