"""How many instances of a deployment answer: between the bounds of `environments.ENV`, as their load needs it.

Metric and form: "Autoscale online endpoints" (Microsoft Learn) and the REST reference of autoscale settings.
"""

from mlops.platform.azure.client import Azure
from mlops.settings import Settings

VERSION = "2022-10-01"
BUSY, IDLE = 70, 30
"""Percent of the processors' time at which an instance is added, and below which one goes."""
LOAD = {"metricName": "CpuUtilizationPercentage", "statistic": "Average", "timeAggregation": "Average"}
TIMES = {"timeGrain": "PT1M", "timeWindow": "PT5M"}


def scale(azure: Azure, deployment: str, known: Settings) -> None:
    """Let Azure keep a deployment (an ARM id) within the bounds; where they are one number, let it be."""
    bounds = known.environments.of(azure.environment).instances
    if bounds.least == bounds.most:
        return unscale(azure, deployment)
    capacity = {"minimum": str(bounds.least), "maximum": str(bounds.most), "default": str(bounds.least)}
    rules = [
        {
            "metricTrigger": LOAD | TIMES | {"metricResourceUri": deployment, "operator": operator, "threshold": limit},
            "scaleAction": {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
        }
        for operator, limit, direction in (("GreaterThan", BUSY, "Increase"), ("LessThan", IDLE, "Decrease"))
    ]
    profile = {"name": "load", "capacity": capacity, "rules": rules}
    properties = {"enabled": True, "targetResourceUri": deployment, "profiles": [profile]}
    azure.ask("PUT", _setting(azure, deployment), {"location": azure.names.location, "properties": properties})


def unscale(azure: Azure, deployment: str) -> None:
    """It is deleted already where it is not there."""
    azure.ask("DELETE", _setting(azure, deployment))


def _setting(azure: Azure, deployment: str) -> str:
    *_, endpoint, _, name = deployment.split("/")
    place = f"{azure.names.group_id}/providers/Microsoft.Insights/autoscaleSettings"
    return f"{place}/{endpoint}-{name}?api-version={VERSION}"
