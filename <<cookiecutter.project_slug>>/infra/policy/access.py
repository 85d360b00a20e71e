"""Who can reach what: from where, and over which protocol."""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from policy.limits import Inbound, Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, folded, shown, table, whole

WORKSPACE, STORAGE = "machinelearningservices:Workspace", "storage:StorageAccount"
CLOSED: dict[str, dict[str, tuple[Any, ...]]] = {
    WORKSPACE: {
        "publicNetworkAccess": ("Disabled",),
        "serverlessComputeSettings.serverlessComputeNoPublicIP": (True, None),
    },
    "machinelearningservices:Compute": {"properties.properties.enableNodePublicIp": (False,)},
    "storage:StorageAccount": {"publicNetworkAccess": ("Disabled",)},
    "keyvault:Vault": {"properties.publicNetworkAccess": ("Disabled",)},
    "containerregistry:Registry": {
        "publicNetworkAccess": ("Disabled",),
        "policies.exportPolicy.status": ("disabled",),
    },
    "applicationinsights:Component": {
        "publicNetworkAccessForIngestion": ("Disabled",),
        "publicNetworkAccessForQuery": ("Disabled",),
    },
    "operationalinsights:Workspace": {"publicNetworkAccessForIngestion": ("Disabled",)},
    "cognitiveservices:Account": {"properties.publicNetworkAccess": ("Disabled",)},
    "eventhub:Namespace": {"publicNetworkAccess": ("Disabled",)},
}
"""By kind, the inputs that close it to the internet, and their values. Absent means open, unless None is among them."""

FIREWALL = {
    "storage:StorageAccount": "networkRuleSet",
    "keyvault:Vault": "properties.networkAcls",
}
"""By kind, its list of addresses. A registry has one only in tier Premium (Configure public IP network rules, 2025)."""

LETS_IN = "networkRuleSet.resourceAccessRules"
REGISTRY = re.compile(r"/subscriptions/.+/Microsoft\.MachineLearningServices/registries/[^/]+", re.IGNORECASE)

WIDEST = 16
"""The shortest prefix of an address range: 65,536 addresses."""


def exposed(resource: Resource, inbound: Inbound) -> Iterator[str]:
    """Findings that a resource can be reached from further away than `inbound` says.

    Azure lets a service in by name only where the account is open to chosen networks: then to no other.
    """
    findings = [
        finding
        for path, allowed in CLOSED.get(resource.kind, {}).items()
        for finding in differs(resource, path, *allowed)
    ]
    if inbound == "private" and resource.kind == STORAGE and resource.get(LETS_IN):
        yield from differs(resource, "networkRuleSet.defaultAction", "Deny")
        yield from differs(resource, "networkRuleSet.ipRules", [], None)
    elif inbound == "private":
        yield from findings
    elif inbound == "listed" and resource.kind in FIREWALL and findings:
        yield from differs(resource, f"{FIREWALL[resource.kind]}.defaultAction", "Deny")


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
    if any(folded(each.get("publicNetworkAccess")) == "disabled" for each in resources if each.kind == WORKSPACE):
        yield from ((resource, finding) for resource in resources for finding in exposed(resource, "private"))


@each(
    "A list of addresses lets in known networks, not the internet.",
    *FIREWALL,
    fix="Narrow `network.allowed_ips` in infra/Pulumi.{stack}.yaml.",
)
def no_wide_range(resource: Resource, limits: Limits) -> Iterator[str]:
    rules = resource.get(f"{FIREWALL[resource.kind]}.ipRules")
    if rules is UNKNOWN or rules is None:
        return
    for rule in rules if isinstance(rules, list) else [rules]:
        address = rule.get("iPAddressOrRange", rule.get("value")) if isinstance(rule, Mapping) else rule
        if address is not UNKNOWN and prefix(address) < WIDEST:
            yield f"it lets in {shown(address)}; a range must be /{WIDEST} or narrower."


def prefix(address: Any) -> int:
    """The length of a range's prefix; 0 for what is none."""
    try:
        return ip_network(str(address), strict=False).prefixlen
    except ValueError:
        return 0


no_way_around = table(
    "no-way-around",
    "There is one way in: no local users, no networks or services of others, no secrets for whoever deploys.",
    {
        "storage:StorageAccount": {
            "networkRuleSet.virtualNetworkRules": ([], None),
            "isLocalUserEnabled": False,
            "isSftpEnabled": (False, None),
            "isNfsV3Enabled": (False, None),
            "allowCrossTenantReplication": False,
        },
        "keyvault:Vault": {
            "properties.networkAcls.virtualNetworkRules": ([], None),
            "properties.enabledForDeployment": (False, None),
            "properties.enabledForTemplateDeployment": (False, None),
        },
        WORKSPACE: {"v1LegacyMode": (False, None), "allowPublicAccessWhenBehindVnet": (False, None)},
    },
    fix="Change it in infra/components/.",
)


@each(
    "Where models are shared, the registry that copies them is the one service of others that storage lets in.",
    STORAGE,
    fix="Change infra/components/storage.py, or `shares` in infra/policy/limits.yml.",
)
def only_the_registry(resource: Resource, limits: Limits) -> Iterator[str]:
    rules = resource.get(LETS_IN)
    for rule in [] if rules is UNKNOWN or rules is None else rules:
        service = rule.get("resourceId")
        if not limits.here.shares or (service is not UNKNOWN and not REGISTRY.fullmatch(str(service))):
            yield f"it lets in {shown(service)}."


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


RULES = (
    *(no_public_access, as_private_as_the_workspace, no_wide_range, no_way_around, only_the_registry),
    *(no_public_data, only_tls),
)
