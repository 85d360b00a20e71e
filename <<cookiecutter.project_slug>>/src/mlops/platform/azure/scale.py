"""How many instances of a deployment answer: between the bounds of `environments.ENV`, as their load needs it.

Metric and form: "Autoscale online endpoints" (Microsoft Learn) and the REST reference of autoscale settings.
"""

from typing import Any

from mlops.platform.azure.client import Azure
from mlops.settings import Settings

VERSION = "2022-10-01"
METRIC, BUSY, IDLE = "CpuUtilizationPercentage", 70, 30
"""Percent of the processors' time at which an instance is added, and below which one goes."""


def scale(azure: Azure, deployment: str, known: Settings) -> None:
    """Let Azure keep a deployment (an ARM id) within the bounds; where they are one number there is nothing to do."""
    bounds = known.environments.of(azure.environment).instances
    if bounds.least == bounds.most:
        return
    capacity = {"minimum": str(bounds.least), "maximum": str(bounds.most), "default": str(bounds.least)}
    rules = [_rule(deployment, *each) for each in (("GreaterThan", BUSY, "Increase"), ("LessThan", IDLE, "Decrease"))]
    profile = {"name": "load", "capacity": capacity, "rules": rules}
    properties = {"enabled": True, "targetResourceUri": deployment, "profiles": [profile]}
    azure.ask("PUT", _setting(azure, deployment), {"location": azure.names.location, "properties": properties})


def unscale(azure: Azure, deployment: str, known: Settings) -> None:
    bounds = known.environments.of(azure.environment).instances
    if bounds.least != bounds.most:
        azure.ask("DELETE", _setting(azure, deployment))


def _setting(azure: Azure, deployment: str) -> str:
    *_, endpoint, _, name = deployment.split("/")
    place = f"{azure.names.group_id}/providers/Microsoft.Insights/autoscaleSettings"
    return f"{place}/{endpoint}-{name}?api-version={VERSION}"


def _rule(deployment: str, operator: str, threshold: int, direction: str) -> dict[str, Any]:
    trigger = {
        "metricName": METRIC,
        "metricResourceUri": deployment,
        "timeGrain": "PT1M",
        "statistic": "Average",
        "timeWindow": "PT5M",
        "timeAggregation": "Average",
        "operator": operator,
        "threshold": threshold,
    }
    action = {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"}
    return {"metricTrigger": trigger, "scaleAction": action}
