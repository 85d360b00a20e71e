"""Who can reach what: from where, and over which protocol."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from policy.limits import Inbound, Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, table, whole

COMPUTE, WORKSPACE = "machinelearningservices:Compute", "machinelearningservices:Workspace"
CLOSED: dict[str, tuple[str, Any]] = {
    WORKSPACE: ("publicNetworkAccess", "Disabled"),
    COMPUTE: ("properties.properties.enableNodePublicIp", False),
    "storage:StorageAccount": ("publicNetworkAccess", "Disabled"),
    "keyvault:Vault": ("properties.publicNetworkAccess", "Disabled"),
    "containerregistry:Registry": ("publicNetworkAccess", "Disabled"),
    "cognitiveservices:Account": ("properties.publicNetworkAccess", "Disabled"),
    "eventhub:Namespace": ("publicNetworkAccess", "Disabled"),
}
"""By kind, the input that closes it to the internet. Absent means open, as in Azure."""

FIREWALL = {
    "storage:StorageAccount": "networkRuleSet",
    "keyvault:Vault": "properties.networkAcls",
}
"""By kind, its list of addresses. A registry has one only in tier Premium (Configure public IP network rules, 2025)."""

WIDEST = 16
"""The shortest prefix of an address range: 65,536 addresses."""


def exposed(resource: Resource, inbound: Inbound) -> Iterator[str]:
    """Findings that a resource can be reached from further away than `inbound` says."""
    path, closed = CLOSED.get(resource.kind, ("", None))
    if not path or (resource.kind == COMPUTE and not managed(resource)):
        return
    if inbound == "private":
        yield from differs(resource, path, closed)
    elif inbound == "listed" and resource.kind in FIREWALL and any(differs(resource, path, closed)):
        yield from differs(resource, f"{FIREWALL[resource.kind]}.defaultAction", "Deny")


def managed(compute: Resource) -> bool:
    """Whether a compute consists of machines that Azure ML starts."""
    return compute.get("properties.computeType") in ("AmlCompute", "ComputeInstance", UNKNOWN)


@each(
    "Nothing can be reached from further away than its environment allows.",
    *CLOSED,
    fix="Set `network.inbound` in infra/Pulumi.{stack}.yaml to what infra/policy/limits.yml says of {stack}; where "
    "that is `listed`, `network.allowed_ips` is enough.",
)
def no_public_access(resource: Resource, limits: Limits) -> Iterator[str]:
    yield from exposed(resource, limits.here.inbound)


@whole(
    "Where the workspace is private, so is everything that it uses.",
    fix="Let it follow `network.inbound` in infra/Pulumi.{stack}.yaml, as the workspace does.",
)
def as_private_as_the_workspace(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    path, closed = CLOSED[WORKSPACE]
    if any(each.get(path) == closed for each in resources if each.kind == WORKSPACE):
        yield from ((resource, finding) for resource in resources for finding in exposed(resource, "private"))


@each(
    "A list of addresses lets in known networks, not the internet.",
    *FIREWALL,
    fix="Narrow `network.allowed_ips` in infra/Pulumi.{stack}.yaml.",
)
def no_wide_range(resource: Resource, limits: Limits) -> Iterator[str]:
    rules = resource.get(f"{FIREWALL[resource.kind]}.ipRules")
    for rule in rules if isinstance(rules, list) else ():
        address = UNKNOWN if rule is UNKNOWN else rule.get("iPAddressOrRange", rule.get("value"))
        if isinstance(address, str) and prefix(address) < WIDEST:
            yield f"it lets in {address}; a range must be /{WIDEST} or narrower."


def prefix(address: str) -> int:
    """The length of a range's prefix; 0 for what is none."""
    try:
        return ip_network(address, strict=False).prefixlen
    except ValueError:
        return 0


no_public_data = table(
    "no-public-data",
    "No data can be read without an identity.",
    {
        "storage:StorageAccount": {"allowBlobPublicAccess": False},
        "storage:BlobContainer": {"publicAccess": ("None", None)},
    },
    fix="Change it in infra/components/storage.py.",
)

only_tls = table(
    "only-tls",
    "Traffic is encrypted, with TLS 1.2 or later.",
    {
        "storage:StorageAccount": {"enableHttpsTrafficOnly": True, "minimumTlsVersion": ("TLS1_2", "TLS1_3")},
        "eventhub:Namespace": {"minimumTlsVersion": ("1.2", "1.3")},
    },
    fix="Change it in infra/components/.",
)


@each("Nobody logs in to a compute over SSH.", COMPUTE, fix="Change it in infra/components/compute.py.")
def no_ssh(compute: Resource, limits: Limits) -> Iterator[str]:
    kind = compute.get("properties.computeType")
    if kind == "AmlCompute":
        yield from differs(compute, "properties.properties.remoteLoginPortPublicAccess", "Disabled")
        if compute.get("properties.properties.userAccountCredentials") not in (None, UNKNOWN):
            yield "properties.properties.userAccountCredentials is set; nobody needs an account on a node."
    elif kind == "ComputeInstance":
        yield from differs(compute, "properties.properties.sshSettings.sshPublicAccess", "Disabled")


RULES = (no_public_access, as_private_as_the_workspace, no_wide_range, no_public_data, only_tls, no_ssh)
