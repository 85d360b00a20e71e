"""What may cost money has an upper limit."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch

from policy.limits import Limits
from policy.rule import STACK, UNKNOWN, Finding, Resource, differs, each, most, whole

COMPUTE = "machinelearningservices:Compute"
BUDGETS = ("consumption:Budget", "costmanagement:Budget")
MACHINE = "properties.properties"
DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
"""A duration of ISO 8601 in days, hours, minutes, seconds, as Azure writes it."""
CLUSTERS = (
    "Change `computes` in infra/Pulumi.{stack}.yaml, or have `clusters` of {stack} changed in infra/policy/limits.yml."
)


@each("Computes are of a size that is allowed.", COMPUTE, fix=CLUSTERS)
def sizes_are_allowed(compute: Resource, limits: Limits) -> Iterator[str]:
    size, allowed = compute.get(f"{MACHINE}.vmSize"), limits.here.clusters.sizes
    if isinstance(size, str) and not any(fnmatch(size.lower(), pattern.lower()) for pattern in allowed):
        yield f"vmSize is {size}; it must be one of {', '.join(allowed)}."


@each("A cluster has an upper limit, and costs nothing while nobody uses it.", COMPUTE, fix=CLUSTERS)
def clusters_are_capped(compute: Resource, limits: Limits) -> Iterator[str]:
    if compute.get("properties.computeType") != "AmlCompute":
        return
    caps, scale = limits.here.clusters, f"{MACHINE}.scaleSettings"
    yield from most(compute, f"{scale}.maxNodeCount", caps.max_nodes)
    yield from differs(compute, f"{scale}.minNodeCount", 0, None)
    idle = compute.get(f"{scale}.nodeIdleTimeBeforeScaleDown")
    if idle is not UNKNOWN and (idle is None or minutes(idle) > caps.idle_minutes):
        yield f"a node idles for {idle or 'a time that is not set'}; it must be at most PT{caps.idle_minutes}M."


@each("Nodes that Azure may take back at any time are only where work can start again.", COMPUTE, fix=CLUSTERS)
def no_borrowed_nodes(compute: Resource, limits: Limits) -> Iterator[str]:
    if not limits.here.clusters.low_priority:
        yield from differs(compute, f"{MACHINE}.vmPriority", "Dedicated", None)


@whole("There is a budget by the month that tells somebody.", fix="Change it in infra/components/guards.py.")
def budget_tells_somebody(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    budgets = [each for each in resources if each.kind in BUDGETS]
    if not budgets:
        yield (
            next((each for each in resources if each.type == STACK), Resource(STACK, limits.environment, {})),
            ("it has no budget; it must have one, with notifications."),
        )
    for budget in budgets:
        yield from ((budget, finding) for finding in differs(budget, "timeGrain", "Monthly"))
        if not heard(budget.get("notifications")):
            yield budget, "nobody is notified; an enabled notification must name e-mail addresses or an action group."


def heard(notifications: object) -> bool:
    """Whether somebody hears of it, or may: not all of it is known yet."""
    if notifications is UNKNOWN:
        return True
    each = notifications.values() if isinstance(notifications, dict) else ()
    return any(
        note is UNKNOWN or note.get("enabled") and (note.get("contactEmails") or note.get("contactGroups"))
        for note in each
    )


def minutes(duration: str) -> float:
    """A duration in minutes; endless where it cannot be read."""
    if not (found := DURATION.fullmatch(duration)):
        return float("inf")
    days, hours, rest, seconds = (float(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + rest + seconds / 60


RULES = (sizes_are_allowed, clusters_are_capped, no_borrowed_nodes, budget_tells_somebody)
