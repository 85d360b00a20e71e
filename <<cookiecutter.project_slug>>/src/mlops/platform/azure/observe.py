"""What callers saw of an endpoint in Azure ML: its traffic log in Log Analytics, and the servers' log of predictions.

Columns: AmlOnlineEndpointTrafficLog (Azure Monitor Logs reference, Microsoft, 2026). What failed: HTTP status codes of
managed online endpoints (Troubleshoot online endpoint deployment and scoring, Microsoft, 2025). Assumed: a request that
was copied has a line of its own, under the deployment that it was copied to; without one, a release is held.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from pathlib import Path

from mlops.platform.azure import predictions
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Bucket, Edges

SPAN_SECONDS = 60
DELAY_SECONDS = 600
"""A line is in Log Analytics some minutes late; what comes later still is counted at the next look."""
LOGS = "https://api.loganalytics.io"
QUERY = Path(__file__).with_suffix(".kql").read_text("utf-8").rstrip()
UP_TO = "up_to_{0} = countif(not(failed) and TotalDurationMs <= {1})"

Counts = dict[tuple[str, float], tuple[int, int, tuple[int, ...]]]


def seen(
    azure: Azure, project: Path, endpoint: str, since: float, edges: Edges, ledger: AzureLedger
) -> tuple[Bucket, ...]:
    """The spans that began at `since` or later, and ended so long ago that their lines have come."""
    since = ceil(since / SPAN_SECONDS) * SPAN_SECONDS
    until = (time.time() - DELAY_SECONDS) // SPAN_SECONDS * SPAN_SECONDS
    if until <= since:
        return ()
    counts, spans = _counts(azure, endpoint, since, until, edges), predictions.Spans()
    if edges.scores:
        spans = predictions.seen(azure, project, since, until, SPAN_SECONDS, edges, ledger)
    no_answers = 0, 0, (0,) * (len(edges.latency) + 1)
    no_predictions = (0,) * (len(edges.scores) + 1), (0.0, 0.0, 0.0)
    keys = sorted(counts.keys() | spans.keys())
    return tuple(Bucket(*key, *counts.get(key, no_answers), *spans.get(key, no_predictions)) for key in keys)


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
