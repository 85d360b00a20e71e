"""What the servers' log of predictions in Azure shows. What a minute of it came to is noted, so that it is read once.

A minute that has grown since is read again, for two hours; after that nothing comes any more that counts. Outcomes are
joined by the ids of requests, which are not noted: while new ones come, the log is read as a whole.
"""

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import numpy as np
import polars as pl

from mlops.platform.azure import outcomes
from mlops.platform.azure.blobs import AT_ONCE
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.azure.sentences import said
from mlops.platform.endpoint import Bucket, Edges
from mlops.release.decide import BLIND, HOUR
from mlops.release.observe import OF_ANY, PREDICTIONS, TRAFFIC, WORTHS, buckets, firsts, settled, whole

MINUTE = "%Y%m%dT%H%M"
Spans = dict[tuple[str, float], tuple[tuple[int, ...], tuple[float, float, float]]]
"""Scores and outcomes, as a `Bucket` has them, by deployment and start."""


def seen(
    azure: Azure, project: Path, since: float, until: float, seconds: int, edges: Edges, ledger: AzureLedger
) -> Spans:
    """The spans of so many seconds that began at `since` or later and ended by `until`."""

    def counted(lines: pl.DataFrame, worths: pl.DataFrame, since: float, until: float) -> tuple[Bucket, ...]:
        predicted, traffic = lines.select(*OF_ANY, predicted=edges.column), pl.LazyFrame(schema=TRAFFIC)
        return buckets(traffic, predicted.lazy(), worths.lazy(), edges, since, until, seconds)

    if (known := outcomes.since(azure, since)) is not None:
        lines = pl.concat([firsts(pl.DataFrame(schema=PREDICTIONS)), *_read(azure, _listed(azure, since, until))])
        found = counted(lines, settled(project, known, lines), since, until)
        return {(each.deployment, each.start): (each.scores, each.outcomes) for each in found}

    noted, form = ledger.noted() or {}, [seconds, edges.column, *edges.scores]
    fresh = noted.get("form") != form or noted["since"] > since
    minutes = {} if fresh else {minute: it for minute, it in noted["minutes"].items() if minute >= _minute(since)}
    listed = _listed(azure, since if fresh else max(since, noted["until"] - BLIND), until)
    sizes = {minute: sum(blobs.values()) for minute, blobs in listed.items()}
    grown = {minute: listed[minute] for minute, size in sizes.items() if size != minutes.get(minute, [0])[0]}
    for minute, lines in zip(grown, _read(azure, grown), strict=True):
        spans = counted(lines, pl.DataFrame(schema=WORTHS), -inf, inf)
        minutes[minute] = sizes[minute], [(each.deployment, each.start, each.scores) for each in spans]
    if grown:
        ledger.note({"form": form, "since": since, "until": until, "minutes": minutes})
    scores = defaultdict[tuple[str, float], np.ndarray](lambda: np.zeros(len(edges.scores) + 1, int))
    for _, spans in minutes.values():
        for deployment, start, bins in spans:
            if since <= start <= until - seconds:
                scores[deployment, start] += bins
    return {key: (tuple(bins.tolist()), (0.0, 0.0, 0.0)) for key, bins in scores.items()}


def _listed(azure: Azure, since: float, until: float) -> dict[str, dict[str, int]]:
    """The blobs of each minute from `since` to `until`, and how long they are."""
    container, found = azure.container(azure.names.inference_log_url), defaultdict[str, dict[str, int]](dict)
    with said(azure.environment):
        for hour in range(int(since // HOUR), int(until // HOUR) + 1):
            for blob in container.list_blobs(f"predictions/{datetime.fromtimestamp(hour * HOUR, UTC):%Y/%m/%d/%H}/"):
                if _minute(since) <= (minute := blob.name.split("-")[-3]) <= _minute(until):
                    found[minute][blob.name] = blob.size
    return found


def _read(azure: Azure, minutes: Mapping[str, Mapping[str, int]]) -> list[pl.DataFrame]:
    """Of each minute what was answered first to each request. A line that is cut off waits."""
    container = azure.container(azure.names.inference_log_url)

    def lines(blobs: Mapping[str, int]) -> pl.DataFrame:
        texts = (container.download_blob(name, offset=0, length=size).readall() for name, size in blobs.items())
        return firsts(whole(b"".join(text[: text.rfind(b"\n") + 1] for text in texts), PREDICTIONS))

    with said(azure.environment), ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lines, minutes.values()))


def _minute(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):{MINUTE}}"
