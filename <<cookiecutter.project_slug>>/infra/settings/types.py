"""What a stack file may say, topic by topic: `PROJECT:TOPIC` in Pulumi.STACK.yaml. rules.py has what fits together."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mlops.sections import Section, Text

GROUP = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/"


def arm_id(kind: str, example: str) -> AfterValidator:
    """An id of a resource of one type, which Azure compares without case."""

    def checked(text: str) -> str:
        if not re.fullmatch(GROUP + kind.replace("/*", "/[^/]+") + r"/[^/]+", text, re.IGNORECASE):
            shape = f"/subscriptions/ID/resourceGroups/NAME/providers/{example}"
            raise ValueError(f"{text!r} is not the id of {kind.replace('/*', '')}; write it as {shape}")
        return text

    return AfterValidator(checked)


def network(text: str) -> str:
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no range of IPv4 addresses ({error}); write one such as 10.20.0.0/24") from None
    return text


def public_address(text: str) -> str:
    """As the firewalls of storage and vaults take it: Configure Azure Storage firewalls (Microsoft, 2025)."""
    network(text)
    found = ipaddress.IPv4Network(text)
    if not found.is_global:
        raise ValueError(f"{text!r} is no public address; write those from which people and CI reach Azure")
    if "/" in text and found.prefixlen > 30:
        raise ValueError(f"{text!r} is too small a range; write each of its addresses by itself, without the slash")
    return text


def host(text: str) -> str:
    if not re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", text):
        raise ValueError(f"{text!r} is no host name; write one such as data.example.org, without https:// or a path")
    return text


Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Range = Annotated[str, AfterValidator(network)]
Account = Annotated[str, arm_id("Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/NAME")]
Zone = Annotated[str, arm_id("Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones/NAME")]
Subnet = Annotated[
    str, arm_id("Microsoft.Network/virtualNetworks/*/subnets", "Microsoft.Network/virtualNetworks/NETWORK/subnets/NAME")
]
LogWorkspace = Annotated[
    str, arm_id("Microsoft.OperationalInsights/workspaces", "Microsoft.OperationalInsights/workspaces/NAME")
]
Registry = Annotated[
    str, arm_id("Microsoft.MachineLearningServices/registries", "Microsoft.MachineLearningServices/registries/NAME")
]


class Organisation(Section):
    """What the organisation's program made for this project and environment; it prints this block."""

    subscription: Guid
    """An id such as 00000000-0000-0000-0000-000000000000; `az account show` prints it."""
    tenant: Guid
    """An id such as 00000000-0000-0000-0000-000000000000; `az account show` prints it."""
    resource_group: Annotated[str, Field(pattern=r"^[\w.()-]{0,89}[\w()-]$")]
    """At most 90 letters, digits, and `-_.()`, no dot at the end."""
    ledger: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+/[a-z0-9-]{3,63}$")]
    """The address of a container: https://ACCOUNT.blob.core.windows.net/CONTAINER."""
    sign_key: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+/keys/[A-Za-z0-9-]+(/[A-Za-z0-9]+)?$")]
    """The address of a key: https://VAULT.vault.azure.net/keys/NAME."""
    registry: Registry | None = None


class Network(Section):
    """Who reaches the workspace, and what its computes reach."""

    isolation: Literal["none", "internet", "approved"]
    inbound: Literal["public", "private"]
    allowed_ips: list[Annotated[str, AfterValidator(public_address)]] = []
    """From where storage and vault are reached; empty is from everywhere, with an identity."""
    address_space: Range | None = None
    """Of a network to make for the private endpoints."""
    subnet: Subnet | None = None
    """One that exists, for the private endpoints."""
    dns_zones: dict[Text, Zone] = {}
    """Central zones by name, where the subnet exists."""
    fqdns: list[Annotated[str, AfterValidator(host)]] = []
    """Hosts that computes reach under `approved`. The first one starts a firewall, which costs."""


class Storage(Section):
    redundancy: Literal["LRS", "ZRS", "GZRS"]
    versions: bool
    """Whether what a blob held before is kept."""
    keep_deleted_days: Annotated[int, Field(ge=7, le=365)]


class Images(Section):
    sku: Literal["Standard", "Premium"]
    zone_redundant: bool


class Logs(Section):
    workspace: LogWorkspace | None = None
    """One that exists; without it the stack makes its own."""
    keep_days: Annotated[int, Field(ge=30, le=730)]
    scope: Literal["workspace", "all"]
    """Whose diagnostics are kept: the workspace's, or those of storage, vault and images too."""


class Cluster(Section):
    size: Text
    """A size of virtual machine, of those in policy/limits.yml."""
    priority: Literal["low", "dedicated"]
    max_nodes: Annotated[int, Field(ge=1)]
    idle_minutes: Annotated[int, Field(ge=1)]
    """How long a node waits for the next job."""


class Datastore(Section):
    """Data outside the workspace, which jobs read and never write."""

    account: Account
    container: Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$")]
    """3 to 63 of a-z, 0-9 and single hyphens."""
    about: Text

    @property
    def account_name(self) -> str:
        return self.account.rpartition("/")[2].lower()


class Tags(Section):
    cost_centre: Text
    more: dict[str, Text] = {}
    """What the organisation's policy asks for besides."""


class Topics(Section):
    """Everything in a stack file that is the project's."""

    organisation: Organisation | None = None
    network: Network
    storage: Storage
    images: Images
    logs: Logs
    computes: dict[str, Cluster]
    datastores: dict[str, Datastore] = {}
    tags: Tags
