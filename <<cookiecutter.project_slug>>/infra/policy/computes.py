"""Machines that Azure ML starts: which, how many, for how long, and nobody logs in to them."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from policy.limits import Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, folded, most, number, shown, the_stack, whole

COMPUTE = "machinelearningservices:Compute"
KIND, MACHINE = "properties.computeType", "properties.properties"
CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
"""A duration of ISO 8601 in days, hours, minutes, seconds, as Azure writes it."""
FIX = (
    "Change `computes` in infra/Pulumi.{stack}.yaml, or have `clusters` of {stack} changed in infra/policy/limits.yml."
)


def is_a(compute: Resource, kind: str) -> bool:
    return folded(compute.get(KIND)) == folded(kind)


@each("Azure ML starts and stops all computes; none is attached.", COMPUTE, fix="Remove it, or make it a cluster.")
def computes_are_managed(compute: Resource, limits: Limits) -> Iterator[str]:
    yield from differs(compute, KIND, CLUSTER, INSTANCE)


@each("Nobody logs in to a compute over SSH.", COMPUTE, fix="Change it in infra/components/compute.py.")
def no_ssh(compute: Resource, limits: Limits) -> Iterator[str]:
    if is_a(compute, CLUSTER):
        yield from differs(compute, f"{MACHINE}.remoteLoginPortPublicAccess", "Disabled")
        if compute.get(f"{MACHINE}.userAccountCredentials") not in (None, UNKNOWN):
            yield f"{MACHINE}.userAccountCredentials is set; nobody needs an account on a node."
    elif is_a(compute, INSTANCE):
        yield from differs(compute, f"{MACHINE}.sshSettings.sshPublicAccess", "Disabled")


@each("Computes are of a size that is allowed.", COMPUTE, fix=FIX)
def sizes_are_allowed(compute: Resource, limits: Limits) -> Iterator[str]:
    size, allowed = compute.get(f"{MACHINE}.vmSize"), limits.here.clusters.sizes
    if size is not UNKNOWN and not any(fnmatchcase(str(size).lower(), pattern.lower()) for pattern in allowed):
        yield f"vmSize is {shown(size)}; it must be one of {', '.join(allowed)}."


@each("A cluster has an upper limit, and costs nothing while nobody uses it.", COMPUTE, fix=FIX)
def clusters_are_capped(compute: Resource, limits: Limits) -> Iterator[str]:
    if is_a(compute, CLUSTER):
        scale = f"{MACHINE}.scaleSettings"
        yield from most(compute, f"{scale}.maxNodeCount", limits.here.clusters.max_nodes)
        yield from differs(compute, f"{scale}.minNodeCount", 0, None)
        yield from idles(compute, f"{scale}.nodeIdleTimeBeforeScaleDown", limits)


@each("A machine of somebody's own stops when nobody uses it.", COMPUTE, fix=FIX)
def instances_stop(compute: Resource, limits: Limits) -> Iterator[str]:
    if is_a(compute, INSTANCE):
        yield from idles(compute, f"{MACHINE}.idleTimeBeforeShutdown", limits)


def idles(compute: Resource, path: str, limits: Limits) -> Iterator[str]:
    idle, longest = compute.get(path), limits.here.clusters.idle_minutes
    if idle is not UNKNOWN and minutes(idle) > longest:
        yield f"{path.rpartition('.')[2]} is {shown(idle)}; it must be at most PT{longest}M."


def minutes(duration: Any) -> float:
    """A duration in minutes; endless where it is none."""
    if not (found := DURATION.fullmatch(str(duration))):
        return float("inf")
    days, hours, rest, seconds = (float(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + rest + seconds / 60


@whole("All computes of a stack together have an upper limit.", fix=FIX)
def computes_together_are_capped(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    computes = [each for each in resources if each.kind == COMPUTE]
    nodes = [each.get(f"{MACHINE}.scaleSettings.maxNodeCount") if is_a(each, CLUSTER) else 1 for each in computes]
    total, limit = sum(each for each in nodes if number(each)), limits.here.clusters.all_nodes
    if total > limit:
        yield the_stack(resources, limits), f"its computes may have {total:g} nodes; they may have {limit}."


@each("Nodes that Azure may take back at any time are only where work can start again.", COMPUTE, fix=FIX)
def no_borrowed_nodes(compute: Resource, limits: Limits) -> Iterator[str]:
    if not limits.here.clusters.low_priority:
        yield from differs(compute, f"{MACHINE}.vmPriority", "Dedicated", None)


RULES = (
    computes_are_managed,
    no_ssh,
    sizes_are_allowed,
    clusters_are_capped,
    instances_stop,
    computes_together_are_capped,
    no_borrowed_nodes,
)
