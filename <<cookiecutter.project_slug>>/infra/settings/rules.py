"""What settings of a stack do not go together. A rule runs when everything that it names could be read.

Each mistake is where it stands (the first key is the topic, or `mlops.yaml`) and a sentence with the fix.
"""

import re
from collections.abc import Mapping
from inspect import signature
from ipaddress import IPv4Network
from typing import Any

from alerts import LONGEST
from policy.limits import Limits

from mlops.settings import Settings

from . import limited, places
from .limited import CLOSE, OWN_TAGS, Mistakes, strictest
from .types import Cluster, Datastore, Images, Network, Tags

DNS_ZONES: Mapping[str, tuple[str, ...]] = {
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "queue": ("privatelink.queue.core.windows.net",),
    "table": ("privatelink.table.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
}
"""By what a private endpoint leads to: Azure private endpoint private DNS zone values (Microsoft, 2025)."""
PRIVATE_ZONES = tuple(zone for zones in DNS_ZONES.values() for zone in zones)
PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
LARGEST_PREFIX = 27
"""Azure keeps 5 addresses, and the private endpoints take about 11 (assumed): a /28 would be full."""
SYSTEM_DATASTORES = ("workspaceblobstore", "workspacefilestore", "workspaceartifactstore", "workspaceworkingdirectory")


def broken(known: Mapping[str, Any]) -> Mistakes:
    """Every mistake in what is known: `limits`, `classification`, `project`, and the topics that could be read."""
    for rule in (*limited.RULES, *places.RULES, *RULES):
        needed = list(signature(rule).parameters)
        if known.keys() >= set(needed):
            yield from rule(*(known[name] for name in needed))


def inbound(limits: Limits, classification: str, network: Network) -> Mistakes:
    reach, _ = strictest(limits, classification)
    if network.inbound == "private":
        if network.isolation == limits.here.isolation == "none":
            yield (
                ("network", "isolation"),
                "with `isolation: none` no compute reaches storage that is private: write `inbound: public`, or have "
                f"another isolation of {limits.environment} written in infra/policy/limits.yml",
            )
        if network.allowed_ips:
            yield ("network", "allowed_ips"), "nothing comes in past `inbound: private`: remove `allowed_ips`"
    elif reach != "private":
        for name in ("address_space", "subnet", "dns_zones"):
            if getattr(network, name):
                yield ("network", name), f"`{name}` is for private endpoints: remove it, or write {CLOSE}"


def endpoints(network: Network) -> Mistakes:
    if network.inbound != "private":
        return
    if not network.address_space and not network.subnet:
        yield (
            ("network", "inbound"),
            "private endpoints need a network: give `address_space: 10.20.0.0/24` for one of its own, or `subnet` and "
            "`dns_zones` for one that exists",
        )
    if network.address_space and network.subnet:
        yield ("network", "subnet"), "there is an `address_space` and a `subnet`: keep one"
    if network.subnet:
        if missing := [zone for zone in PRIVATE_ZONES if zone not in network.dns_zones]:
            yield (
                ("network", "dns_zones"),
                f"the subnet exists, so its names stand in zones that exist: add the ids of {', '.join(missing)}",
            )
    elif network.dns_zones:
        yield ("network", "dns_zones"), "zones that exist go with a `subnet` that exists: give it, or remove them"
    for zone in network.dns_zones:
        if zone not in PRIVATE_ZONES:
            yield ("network", "dns_zones", zone), f"{zone} is none of the zones that are used: remove it"
        elif not network.dns_zones[zone].lower().endswith("/" + zone):
            yield ("network", "dns_zones", zone), f"this is the id of another zone than {zone}: correct it"


def address_space(network: Network) -> Mistakes:
    if not network.address_space:
        return
    space = IPv4Network(network.address_space)
    if not any(space.subnet_of(block) for block in PRIVATE):
        yield (
            ("network", "address_space"),
            f"{space} is not private: take a free part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        )
    if space.prefixlen > LARGEST_PREFIX:
        yield (
            ("network", "address_space"),
            f"{space} has {space.num_addresses} addresses, too few for the private endpoints: make it "
            f"/{LARGEST_PREFIX} or larger",
        )


def fqdns(network: Network) -> Mistakes:
    if network.fqdns and network.isolation != "approved":
        yield (
            ("network", "fqdns"),
            f"hosts are approved under `isolation: approved` only, and this is {network.isolation}: remove them",
        )


def registry(network: Network, images: Images) -> Mistakes:
    needs = {"zone_redundant": images.zone_redundant, "private endpoints": network.inbound == "private"}
    if images.sku == "Standard" and (found := [name for name, needed in needs.items() if needed]):
        yield ("images", "sku"), f"only Premium can have {' and '.join(found)}: write `sku: Premium`"


def deadline(project: Settings) -> Mistakes:
    if project.service.batch.deadline_minutes > LONGEST:
        yield (
            ("mlops.yaml", "service", "batch", "deadline_minutes"),
            f"nobody would be told when it is missed, since alerts look back two days: write at most {LONGEST}",
        )


def computes_named(computes: dict[str, Cluster]) -> Mistakes:
    """The stricter of two pages of Microsoft's: Manage a compute cluster says 3 to 24, Naming rules 3 to 32 (2026).

    Of the last hyphen: microsoftdocs/pipelines-azureml, issue 19.
    """
    if not computes:
        yield ("computes",), "without a compute no job runs: add one, such as `cpu`"
    for name in computes:
        if not re.fullmatch(r"[a-z](?!.*-[0-9-]*$)[a-z0-9-]{2,23}", name):
            yield (
                ("computes", name),
                f"{name!r} cannot name a compute: take 3 to 24 of a-z, 0-9 and hyphens, a letter first and after the "
                "last hyphen",
            )


def datastores_named(datastores: dict[str, Datastore]) -> Mistakes:
    for name in datastores:
        if name in SYSTEM_DATASTORES:
            yield ("datastores", name), f"{name} is the workspace's own datastore: choose another name"
        elif not re.fullmatch(r"[a-z][a-z0-9_]{0,254}", name):
            yield (
                ("datastores", name),
                f"{name!r} cannot name a datastore: take a-z, 0-9 and underscores, a letter first",
            )


def tags_named(tags: Tags) -> Mistakes:
    """The strictest limits of what carries them: Use tags to organize your Azure resources (Microsoft, 2025)."""
    for name, value in tags.more.items():
        if name.lower() in OWN_TAGS:
            yield ("tags", "more", name), f"the tag `{name}` comes from mlops.yaml and this file: remove it"
        elif not re.fullmatch(r"[^<>%&\\?/]{1,128}", name):
            yield ("tags", "more", name), f"`{name}` cannot name a tag: take at most 128 characters, none of <>%&\\?/"
        if len(value) > 256:
            yield ("tags", "more", name), f"the tag `{name}` has {len(value)} characters: shorten it to 256"
    if len(tags.cost_centre) > 256:
        yield ("tags", "cost_centre"), f"`tags.cost_centre` has {len(tags.cost_centre)} characters: shorten it to 256"


RULES = (
    inbound,
    endpoints,
    address_space,
    fqdns,
    registry,
    deadline,
    computes_named,
    datastores_named,
    tags_named,
)
