"""Where things are, and where computes may connect to."""

from collections.abc import Iterator, Mapping
from typing import Any

from policy.limits import Limits
from policy.rule import UNKNOWN, Resource, differs, each, folded, shown

ISOLATION = {"none": "Disabled", "internet": "AllowInternetOutbound", "approved": "AllowOnlyApprovedOutbound"}
EVERYWHERE = "global"
WORKSPACE = "machinelearningservices:Workspace"
RULED = (WORKSPACE, "machinelearningservices:ManagedNetworkSettingsRule")


@each(
    "The managed network is isolated as its environment says; Azure cannot take it back.",
    WORKSPACE,
    fix="Set `network.isolation` in infra/Pulumi.{stack}.yaml to what infra/policy/limits.yml says of {stack}. "
    "To change both, make a new workspace: docs/security.md.",
)
def isolation_stays(workspace: Resource, limits: Limits) -> Iterator[str]:
    allowed = ISOLATION[limits.here.isolation]
    yield from differs(workspace, "managedNetwork.isolationMode", allowed, *([None] if allowed == "Disabled" else []))


@each(
    "No rule for a host name starts a firewall that nobody asked for.",
    *RULED,
    fix="Remove it from `network.fqdns` in infra/Pulumi.{stack}.yaml, or have it added to `hosts` of {stack} in "
    "infra/policy/limits.yml.",
)
def no_firewall_by_accident(resource: Resource, limits: Limits) -> Iterator[str]:
    for rule in outbound(resource):
        host = rule.get("destination")
        if folded(rule.get("type")) == "fqdn" and host is not UNKNOWN and host not in limits.here.hosts:
            yield f"it has a rule for {host}, and the first such rule starts a firewall of about $288 to $912 a month."


@each(
    "Where only approved ways out are open, they are private endpoints, or lead to hosts and services that are listed.",
    *RULED,
    fix="Remove it, or have it added to `service_tags` of {stack} in infra/policy/limits.yml.",
)
def ways_out_are_approved(resource: Resource, limits: Limits) -> Iterator[str]:
    for rule in outbound(resource) if limits.here.isolation == "approved" else ():
        kind, to = rule.get("type"), rule.get("destination")
        if kind is UNKNOWN or folded(kind) in ("privateendpoint", "fqdn"):
            continue
        tag = to.get("serviceTag") if isinstance(to, Mapping) else to
        if folded(kind) != "servicetag" or tag is not UNKNOWN and tag not in limits.here.service_tags:
            yield f"it has a way out of type {shown(kind)} to {shown(tag)}, which is not listed."
        elif isinstance(to, Mapping) and to.get("addressPrefixes"):
            yield f"its way out to {shown(tag)} names address ranges of its own."


def outbound(resource: Resource) -> list[Mapping[str, Any]]:
    """Rules of the managed network that a resource states; without any input one that cannot be read."""
    rules = [resource.get("properties")]
    if resource.kind == WORKSPACE:
        found = resource.get("managedNetwork.outboundRules")
        rules = found if isinstance(found, list) else list(found.values()) if isinstance(found, Mapping) else [found]
        rules = rules if found is not None else []
    return [rule if isinstance(rule, Mapping) else {} for rule in rules if rule is not UNKNOWN]


@each(
    "Everything is in a region that is allowed.",
    "*",
    fix="Set `environments.{stack}.region` in mlops.yaml to one of `regions` in infra/policy/limits.yml.",
)
def region_allowed(resource: Resource, limits: Limits) -> Iterator[str]:
    for location in (resource.get("location"), resource.get("properties.computeLocation")):
        if isinstance(location, str) and location.replace(" ", "").lower() not in (EVERYWHERE, *limits.all.regions):
            yield f"it is in {location}; allowed is {', '.join(limits.all.regions)}."


RULES = (isolation_stays, no_firewall_by_accident, ways_out_are_approved, region_allowed)
