"""Where things are, and where computes may connect to."""

from collections.abc import Iterator
from typing import Any

from policy.limits import Limits
from policy.rule import UNKNOWN, Resource, differs, each

ISOLATION = {"none": "Disabled", "internet": "AllowInternetOutbound", "approved": "AllowOnlyApprovedOutbound"}
EVERYWHERE = "global"


@each(
    "The managed network is isolated as its environment says; Azure cannot take it back.",
    "machinelearningservices:Workspace",
    fix="Set `network.isolation` in infra/Pulumi.{stack}.yaml to what infra/policy/limits.yml says of {stack}. "
    "To change both, make a new workspace: docs/security.md.",
)
def isolation_stays(workspace: Resource, limits: Limits) -> Iterator[str]:
    allowed = ISOLATION[limits.here.isolation]
    yield from differs(workspace, "managedNetwork.isolationMode", allowed, *([None] if allowed == "Disabled" else []))


@each(
    "No rule for a host name starts a firewall that nobody asked for.",
    "machinelearningservices:Workspace",
    "machinelearningservices:ManagedNetworkSettingsRule",
    fix="Remove it from `network.fqdns` in infra/Pulumi.{stack}.yaml, or have it added to `hosts` of {stack} in "
    "infra/policy/limits.yml.",
)
def no_firewall_by_accident(resource: Resource, limits: Limits) -> Iterator[str]:
    for rule in outbound(resource):
        if not isinstance(rule, dict) or rule.get("type") != "FQDN":
            continue
        host = rule.get("destination")
        if host is not UNKNOWN and host not in limits.here.hosts:
            yield f"it has a rule for {host}, and the first such rule starts a firewall of about $288 to $912 a month."


def outbound(resource: Resource) -> list[Any]:
    """Rules of the managed network that a resource states."""
    if resource.kind.endswith(":Workspace"):
        rules = resource.get("managedNetwork.outboundRules")
        return list(rules.values()) if isinstance(rules, dict) else []
    return [resource.get("properties")]


@each(
    "Everything is in a region that is allowed.",
    "*",
    fix="Set `environments.{stack}.region` in mlops.yaml to one of `regions` in infra/policy/limits.yml.",
)
def region_allowed(resource: Resource, limits: Limits) -> Iterator[str]:
    location = resource.get("location")
    if isinstance(location, str) and location.replace(" ", "").lower() not in (EVERYWHERE, *limits.all.regions):
        yield f"it is in {location}; allowed is {', '.join(limits.all.regions)}."


RULES = (isolation_stays, no_firewall_by_accident, region_allowed)
