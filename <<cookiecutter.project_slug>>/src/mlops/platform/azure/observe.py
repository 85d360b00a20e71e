"""What callers saw of an endpoint in Azure ML: its traffic log in Log Analytics, and the servers' log of predictions.

Columns: AmlOnlineEndpointTrafficLog (Azure Monitor Logs reference, Microsoft, 2026). Assumed: a request that was
copied has a line of its own, under the deployment that it was copied to; without one, a release is held.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

import polars as pl

from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said
from mlops.platform.endpoint import Bucket, Edges
from mlops.release.observe import OF_ANY, PREDICTIONS, TRAFFIC, WORTHS, buckets, firsts, whole

SPAN_SECONDS = 60
DELAY_SECONDS = 600
"""A line is in Log Analytics some minutes late; what comes later still is counted at the next look."""
LOGS = "https://api.loganalytics.io"
QUERY = """AmlOnlineEndpointTrafficLog
| where _ResourceId startswith "{workspace}" and EndpointName =~ "{endpoint}"
| where TimeGenerated >= datetime({since}) and TimeGenerated < datetime({until})
| extend status = coalesce(toint(ResponseCode), 0)
| extend failed = status >= 500 or status == 0
| summarize requests = count(), errors = countif(failed), {up_to}
  by DeploymentName, start = bin(TimeGenerated, {span}s)"""
UP_TO = "up_to_{0} = countif(not(failed) and TotalDurationMs <= {1})"

Read = dict[str, tuple[int, pl.DataFrame]]
"""What was read before: of each blob how many bytes, and what they say."""
Counts = dict[tuple[str, float], tuple[int, int, tuple[int, ...]]]


def seen(azure: Azure, endpoint: str, since: float, edges: Edges, read: Read) -> tuple[Bucket, ...]:
    """The spans that began at `since` or later, and ended so long ago that their lines have come."""
    since = ceil(since / SPAN_SECONDS) * SPAN_SECONDS
    until = (time.time() - DELAY_SECONDS) // SPAN_SECONDS * SPAN_SECONDS
    if until <= since:
        return ()
    counts = _counts(azure, endpoint, since, until, edges)
    predicted = _predictions(azure, since, until, read).select(*OF_ANY, predicted=edges.column)
    nothing = pl.LazyFrame(schema=TRAFFIC), pl.LazyFrame(schema=WORTHS)
    spans = buckets(nothing[0], predicted.lazy(), nothing[1], edges, since, until, SPAN_SECONDS)
    scores = {(each.deployment, each.start): each.scores for each in spans}
    none, no_scores = (0, 0, (0,) * (len(edges.latency) + 1)), (0,) * (len(edges.scores) + 1)
    keys = sorted(counts.keys() | scores.keys())
    return tuple(Bucket(*key, *counts.get(key, none), scores.get(key, no_scores)) for key in keys)


def _counts(azure: Azure, endpoint: str, since: float, until: float, edges: Edges) -> Counts:
    names = azure.names
    place = azure.ask("GET", f"{names.log_workspace}?api-version=2023-09-01")["properties"]["customerId"]
    query = QUERY.format(
        workspace=names.workspace_id,
        endpoint=endpoint,
        since=f"{datetime.fromtimestamp(since, UTC):%Y-%m-%dT%H:%M:%SZ}",
        until=f"{datetime.fromtimestamp(until, UTC):%Y-%m-%dT%H:%M:%SZ}",
        up_to=", ".join(UP_TO.format(number, f"{edge:.6g}") for number, edge in enumerate(edges.latency)),
        span=SPAN_SECONDS,
    )
    table = azure.ask("POST", f"{LOGS}/v1/workspaces/{place}/query", {"query": query}, LOGS)["tables"][0]
    heads = [column["name"] for column in table["columns"]]
    return dict(_counted(dict(zip(heads, row, strict=True)), len(edges.latency)) for row in table["rows"])


def _counted(row: Mapping[str, str | int], edges: int) -> tuple[tuple[str, float], tuple[int, int, tuple[int, ...]]]:
    requests, errors = int(row["requests"]), int(row["errors"])
    below = [0, *(int(row[f"up_to_{number}"]) for number in range(edges)), requests - errors]
    start = datetime.fromisoformat(str(row["start"])).timestamp()
    return (str(row["DeploymentName"]), start), (requests, errors, tuple(b - a for a, b in pairwise(below)))


def _predictions(azure: Azure, since: float, until: float, read: Read) -> pl.DataFrame:
    """Of each request the first row's. Of a blob that grew only what is new is read; a line that is cut off waits."""
    first, last = (datetime.fromtimestamp(each, UTC) for each in (since, until))
    days = [first.date() + timedelta(number) for number in range((last.date() - first.date()).days + 1)]
    container, found = azure.container(azure.names.inference_log_url), [firsts(pl.DataFrame(schema=PREDICTIONS))]
    with said(azure.environment):
        for blob in (each for day in days for each in container.list_blobs(f"predictions/{day:%Y/%m/%d}/")):
            if blob.name.split("-")[-3] < f"{first:%Y%m%dT%H%M}":
                continue
            size, lines = read.get(blob.name, (0, found[0]))
            if blob.size > size:
                text = container.download_blob(blob.name, offset=size).readall()
                text = text[: text.rfind(b"\n") + 1]
                lines = pl.concat([lines, firsts(whole(text, PREDICTIONS))])
                read[blob.name] = size + len(text), lines
            found.append(lines)
    return pl.concat(found)
