"""Questions to a log workspace. Only the question that a release asks is understood; any other text is refused."""

import re
from collections import defaultdict
from datetime import datetime, timedelta

from tests.emulator import access
from tests.emulator.https.routes.scoring import TABLE
from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.emulator.store import Document

LOGS = "Microsoft.OperationalInsights/workspaces"
DELAY = 5
"""Minutes until a line is found. Source: "Log data ingestion time in Azure Monitor" (Microsoft Learn, from memory)."""
UP_TO = re.compile(r"(up_to_\d+) = countif\(not\(failed\) and TotalDurationMs <= ([\d.e+]+)\)")
QUESTION = re.compile(
    rf"""{TABLE}
\| where _ResourceId startswith "(?P<workspace>[^"]+)" and EndpointName =~ "(?P<endpoint>[^"]+)"
\| where TimeGenerated >= datetime\((?P<since>[^)]+)\) and TimeGenerated < datetime\((?P<until>[^)]+)\)
\| extend status = coalesce\(toint\(ResponseCode\), 0\), models = coalesce\(toint\(ModelStatusCode\), 0\)
\| extend failed = (?P<failed>[\w (),<>=]+)
\| summarize requests = count\(\), errors = countif\(failed\), (?P<up_to>(?:{UP_TO.pattern}(?:, )?)+)
"""
    r"  by DeploymentName, start = bin\(TimeGenerated, (?P<span>\d+)s\)"
)


@route("POST", "api.loganalytics.io/v1/workspaces/{customer}/query", "https://api.loganalytics.io")
def query(asked: Asked) -> Response:
    """Source: "Azure Monitor Log Analytics API" and "Manage access to Log Analytics workspaces" (Microsoft Learn)."""
    workspace = _workspace(asked)
    for what in ("query", f"query/{TABLE}"):
        if not access.allows(asked.cloud.arm, asked.caller, f"{LOGS}/{what}/read", workspace):
            raise Refusal(403, "InsufficientAccessError", "The provided credentials have insufficient access.")
    if not (said := QUESTION.fullmatch(asked.json["query"])):
        raise Refusal(400, "BadArgumentError", f"The emulator does not understand: {asked.json['query']}")
    heads = ["DeploymentName", "start", "requests", "errors", *(name for name, _ in UP_TO.findall(said["up_to"]))]
    rows = _rows(_lines(asked, workspace, said), said)
    return json_of({"tables": [{"name": "PrimaryResult", "columns": [{"name": it} for it in heads], "rows": rows}]})


def _workspace(asked: Asked) -> Id:
    for document in asked.cloud.arm.store.documents.values():
        if dig(document, "properties.customerId") == asked.names["customer"]:
            return Id(document["id"])
    raise Refusal(404, "WorkspaceNotFoundError", f"The workspace {asked.names['customer']} could not be found.")


def _lines(asked: Asked, workspace: Id, said: re.Match[str]) -> list[Document]:
    """Those that have come there by now."""
    since, until = (datetime.fromisoformat(said[key]) for key in ("since", "until"))
    return [
        line
        for stamp, sink, line in asked.cloud.lines
        if sink == workspace.key
        and asked.cloud.arm.clock.since(stamp) >= DELAY
        and since <= line["TimeGenerated"] < until
        and line["_ResourceId"].startswith(said["workspace"].lower())
        and line["EndpointName"].lower() == said["endpoint"].lower()
    ]


def _rows(lines: list[Document], said: re.Match[str]) -> list[list[str | int]]:
    """What is failed is said in words that mean the same in Python."""
    seconds, edges = int(said["span"]), [float(it) for _, it in UP_TO.findall(said["up_to"])]
    spans = defaultdict[tuple[str, datetime], list[Document]](list)
    for line in lines:
        at = line["TimeGenerated"]
        begun = at - timedelta(seconds=at.timestamp() % seconds)
        spans[line["DeploymentName"], begun.replace(microsecond=0)].append(line)
    rows = []
    for (deployment, start), own in spans.items():
        good = [line["TotalDurationMs"] for line in own if not _failed(line, said["failed"])]
        counts = [sum(ms <= edge for ms in good) for edge in edges]
        rows.append([deployment, f"{start:%Y-%m-%dT%H:%M:%SZ}", len(own), len(own) - len(good), *counts])
    return rows


def _failed(line: Document, words: str) -> bool:
    return eval(words, {"status": line["ResponseCode"] or 0, "models": line["ModelStatusCode"] or 0})
