"""What must be noticed, as questions to the log workspace: endpoints come and go with releases, their logs stay.

Columns: AmlOnlineEndpointTrafficLog and AmlRunStatusChangedEvent (Azure Monitor Logs reference, Microsoft, 2026). What
fails is as in src/mlops/platform/azure/observe.kql. The latter table names neither experiment nor job, so every job of
the workspace is held to the deadline of batch scoring.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mlops.settings import Service

FEW = 20
"""Fewer requests than this in a window say nothing about a share."""
FAST = 10
"""How many times faster than promised failures use up what is allowed, before somebody is called at once."""
WINDOWS = {60: "PT1H", 120: "PT2H", 180: "PT3H", 240: "PT4H", 300: "PT5H", 360: "PT6H", 1440: "P1D", 2880: "P2D"}
"""How far back an alert can look, by minutes: two days at most (Create a log search alert rule, Microsoft, 2025)."""
DELAY = 60
"""Minutes after which a line is in the log and an alert has asked for it (assumed)."""
LONGEST = max(WINDOWS) - DELAY
"""The longest deadline that can be watched: later, the start of the run is no longer seen."""


@dataclass(frozen=True)
class Alert:
    """A question to the logs: it fires when `figure`, a column of the answer, is over the limit."""

    name: str
    about: str
    query: str
    limit: float
    window: str
    every: str
    severity: int
    """0 is critical, 4 is for the record."""


def alerts(service: Service) -> Iterator[Alert]:
    """What must be noticed, by the figures that callers rely on."""
    if online := service.online:
        allowed = round(1 - online.availability, 6)
        fast = min(FAST * allowed, 0.9)
        p95 = online.p95_ms
        yield Alert("failing", f"More than {fast:.1%} of requests fail.", FAILED, fast, "PT5M", "PT5M", 1)
        yield Alert("unavailable", f"More than {allowed:.2%} of requests fail.", FAILED, allowed, "PT1H", "PT15M", 2)
        yield Alert("slow", f"One request in twenty takes longer than {p95:g} ms.", SLOW, p95, "PT15M", "PT5M", 2)
    late = service.batch.deadline_minutes
    yield Alert("late", f"A job runs for longer than {late:g} minutes.", LATE, late, look_back(late), "PT15M", 2)


def look_back(deadline: float) -> str:
    """The shortest window in which a run that misses the deadline, in minutes, is seen from its start on."""
    return next(window for minutes, window in WINDOWS.items() if minutes >= deadline + DELAY)


FAILED = f"""AmlOnlineEndpointTrafficLog
| where _ResourceId startswith "WORKSPACE"
| extend status = coalesce(toint(ResponseCode), 0), models = coalesce(toint(ModelStatusCode), 0)
| extend failed = status >= 500 or status in (0, 408, 429) or (status == 424 and not(models >= 400 and models < 500))
| summarize requests = count(), errors = countif(failed)
| where requests >= {FEW}
| project figure = todouble(errors) / requests"""
SLOW = f"""AmlOnlineEndpointTrafficLog
| where _ResourceId startswith "WORKSPACE" and toint(ResponseCode) < 400
| summarize requests = count(), p95_ms = todouble(percentile(TotalDurationMs, 95))
| where requests >= {FEW}
| project figure = p95_ms"""
LATE = """AmlRunStatusChangedEvent
| where _ResourceId startswith "WORKSPACE" and RunId == RootRunId
| summarize started = minif(TimeGenerated, Status == "Running"),
    ended = maxif(TimeGenerated, Status in ("Completed", "Failed", "Canceled")) by RunId
| where isnotnull(started)
| project figure = todouble(datetime_diff("minute", coalesce(ended, now()), started))"""
