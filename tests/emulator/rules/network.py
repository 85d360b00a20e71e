"""Virtual networks, private endpoints and private DNS zones."""

import ipaddress

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import Document

VNET, SUBNET = "Microsoft.Network/virtualNetworks", "Microsoft.Network/virtualNetworks/subnets"
ENDPOINT, ZONE = "Microsoft.Network/privateEndpoints", "Microsoft.Network/privateDnsZones"
GROUP_IDS = {
    "microsoft.storage/storageaccounts": {"blob", "file", "queue", "table", "dfs", "web"},
    "microsoft.keyvault/vaults": {"vault"},
    "microsoft.containerregistry/registries": {"registry"},
    "microsoft.machinelearningservices/workspaces": {"amlworkspace"},
    "microsoft.machinelearningservices/registries": {"amlregistry"},
}


@rule(SUBNET, VNET)
def ranges_fit(ask: Ask) -> None:
    """A subnet is a valid range within its network and overlaps no other.

    Assumed: codes and messages from memory (NetcfgInvalidSubnet, NetcfgSubnetRangesOverlap).
    """
    if ask.id.kind == SUBNET.lower():
        network = (ask.arm.find(ask.id.parent.text) if ask.id.parent else None) or {}
        taken = [(other["name"], dig(other, "properties.addressPrefix")) for other in ask.siblings()]
        wanted = [(ask.id.name, ask.sent("addressPrefix"))]
    else:
        network, taken = ask.body, []
        wanted = [(s.get("name", ""), dig(s, "properties.addressPrefix")) for s in ask.sent("subnets", [])]
    spaces = [_range(space) for space in dig(network, "properties.addressSpace.addressPrefixes", [])]
    for name, prefix in wanted:
        if not prefix:
            continue
        asked = _range(prefix)
        if not any(asked.subnet_of(space) for space in spaces):
            message = f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of"
            raise Refusal(
                400, "NetcfgInvalidSubnet", f"{message} virtual network '{network.get('name', ask.id.name)}'."
            )
        for other, given in taken:
            if given and asked.overlaps(_range(given)):
                message = f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing"
                raise Refusal(400, "NetcfgSubnetRangesOverlap", f"{message} subnet '{other}'.")
        taken.append((name, prefix))


@rule(ENDPOINT)
def endpoint_leads_somewhere(ask: Ask) -> None:
    """Subnet and target of a private endpoint are there, and the target has that part.

    Source: "Private-link resource" table of "What is a private endpoint?" (Microsoft Learn, from memory); codes:
    assumed.
    """
    connections = ask.sent("privateLinkServiceConnections", []) + ask.sent("manualPrivateLinkServiceConnections", [])
    targets = [(dig(c, "properties.privateLinkServiceId", ""), dig(c, "properties.groupIds", [])) for c in connections]
    for id in [ask.sent("subnet.id", ""), *(target for target, _ in targets)]:
        if ask.arm.find(id) is None:
            raise Refusal(
                400, "InvalidResourceReference", f"Resource {id} referenced by resource {ask.id} was not found."
            )
    for target, parts in targets:
        known = GROUP_IDS.get(Id(target).kind)
        if known and (not parts or not set(parts) <= known):
            message = f"The private link group ids {parts} are not valid for '{target}'; valid are {sorted(known)}."
            raise Refusal(400, "InvalidPrivateLinkGroupId", message)


@rule(ENDPOINT)
def endpoint_keeps_its_target(ask: Ask) -> None:
    """An endpoint's target and subnet are fixed.

    Assumed: from experience; code and message too.
    """
    if ask.before is None:
        return
    old, new = (_target(d) for d in (ask.before, ask.body))
    if [id.lower() for id in old] != [id.lower() for id in new]:
        raise Refusal(
            400,
            "PrivateEndpointCannotBeChanged",
            f"Private endpoint '{ask.id.name}' cannot get another target or subnet.",
        )


@rule(f"{ENDPOINT}/privateDnsZoneGroups")
def one_zone_group_for_an_endpoint(ask: Ask) -> None:
    """A private endpoint has one DNS zone group, and its zones are there.

    Source: "Azure Private Endpoint DNS integration" (Microsoft Learn, from memory): one DNS zone group; codes:
    assumed.
    """
    if other := next(iter(ask.siblings()), None):
        message = f"The private endpoint of '{ask.id}' has the DNS zone group '{other['name']}' already."
        raise Refusal(400, "PrivateDnsZoneGroupLimitReached", message)
    for config in ask.sent("privateDnsZoneConfigs", []):
        zone = dig(config, "properties.privateDnsZoneId", "")
        if ask.arm.find(zone) is None:
            raise Refusal(
                400, "InvalidResourceReference", f"Resource {zone} referenced by resource {ask.id} was not found."
            )


@rule(f"{ZONE}/virtualNetworkLinks")
def network_has_one_zone_of_a_name(ask: Ask) -> None:
    """A virtual network is linked to one zone of a name.

    Source: "A virtual network cannot be linked to multiple zones with overlapping namespaces" in public reports.
    """
    network, zone = ask.sent("virtualNetwork.id", ""), ask.id.parent
    if ask.arm.find(network) is None:
        raise Refusal(400, "BadRequest", f"The virtual network '{network}' was not found.")
    for document in ask.arm.store.documents.values():
        id = Id(document["id"])
        linked = id.kind == ask.id.kind and dig(document, "properties.virtualNetwork.id", "").lower() == network.lower()
        if linked and id.key != ask.id.key and zone and id.parent and id.parent.name.lower() == zone.name.lower():
            message = "A virtual network cannot be linked to multiple zones with overlapping namespaces."
            raise Refusal(400, "BadRequest", f"{message} You tried to link '{network}' with '{zone.name}' twice.")


@rule(SUBNET, VNET, on="delete")
def subnet_is_not_in_use(ask: Ask) -> None:
    """A subnet with a private endpoint in it stays, and so does its network.

    Source: InUseSubnetCannotBeDeleted and its message in public reports (hashicorp/terraform-provider-azurerm, 2019).
    """
    for document in ask.arm.store.documents.values():
        used = Id(dig(document, "properties.subnet.id", "") or "/x")
        if Id(document["id"]).kind == ENDPOINT.lower() and used.within(ask.id.text):
            message = f"Subnet {used.name} is in use by {document['id']} and cannot be deleted."
            hint = "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
            raise Refusal(400, "InUseSubnetCannotBeDeleted", f"{message} {hint}")


@rule("Microsoft.Network/networkSecurityGroups", on="delete")
def security_group_is_not_in_use(ask: Ask) -> None:
    """A network security group that a subnet uses stays.

    Assumed: code and message from memory.
    """
    for document in ask.arm.store.documents.values():
        subnets = [document] if Id(document["id"]).kind == SUBNET.lower() else dig(document, "properties.subnets", [])
        if any(dig(s, "properties.networkSecurityGroup.id", "").lower() == ask.id.text.lower() for s in subnets):
            message = f"Network security group {ask.id} cannot be deleted because it is in use by: {document['id']}."
            raise Refusal(400, "InUseNetworkSecurityGroupCannotBeDeleted", message)


@rule(ZONE, on="delete")
def zone_has_no_links(ask: Ask) -> None:
    """A private DNS zone with virtual network links stays.

    Assumed: from experience; code and message too.
    """
    nested = [d["id"] for d in ask.arm.below(ask.id.text) if Id(d["id"]).kind.endswith("/virtualnetworklinks")]
    if nested:
        message = "Can not delete resource before nested resources are deleted."
        raise Refusal(
            409, "CannotDeleteResource", f"{message} Some existing nested resource IDs include: '{nested[0]}'."
        )


def _range(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        message = f"The address prefix '{text}' is not a valid CIDR block."
        raise Refusal(400, "InvalidCIDRNotation", message) from None


def _target(document: Document) -> list[str]:
    connections = dig(document, "properties.privateLinkServiceConnections", [])
    ids = [dig(connection, "properties.privateLinkServiceId", "") for connection in connections]
    return [*ids, dig(document, "properties.subnet.id", "")]
