"""What Azure refuses of networks, private endpoints and DNS zones."""

from tests.emulator.arm import OWNER
from tests.emulator.world import ENDPOINT, GROUP, NSG, STORAGE, SUBNET, VAULT, VNET, ZONE, World, refused

LINK = f"{ZONE}/virtualNetworkLinks/here"


def test_subnets_that_do_not_fit(world: World) -> None:
    world.make(SUBNET)
    with refused("ranges_fit", "NetcfgInvalidSubnet", "outside the IP address range"):
        world.put(f"{VNET}/subnets/far", {"properties.addressPrefix": "10.1.0.0/26"})
    with refused("ranges_fit", "InvalidCIDRNotation", "10.0.0.300/26"):
        world.put(f"{VNET}/subnets/odd", {"properties.addressPrefix": "10.0.0.300/26"})
    with refused("ranges_fit", "NetcfgSubnetRangesOverlap", "existing subnet 'endpoints'"):
        world.put(f"{VNET}/subnets/near", {"properties.addressPrefix": "10.0.0.32/27"})


def test_a_private_endpoint_that_leads_nowhere(world: World) -> None:
    world.make(SUBNET)
    with refused("endpoint_leads_somewhere", "InvalidResourceReference", "/subnets/none"):
        world.put(ENDPOINT, {"properties.subnet.id": f"{VNET}/subnets/none"})
    connection = {"properties": {"privateLinkServiceId": STORAGE, "groupIds": ["vault"]}}
    with refused("endpoint_leads_somewhere", "InvalidPrivateLinkGroupId", "'blob'"):
        world.put(ENDPOINT, {"properties.privateLinkServiceConnections": [connection]})


def test_a_private_endpoint_keeps_its_target(world: World) -> None:
    world.make(ENDPOINT)
    connection = {"properties": {"privateLinkServiceId": VAULT, "groupIds": ["vault"]}}
    with refused("endpoint_keeps_its_target", "PrivateEndpointCannotBeChanged", "another target"):
        world.put(ENDPOINT, {"properties.privateLinkServiceConnections": [connection]})


def test_an_endpoint_has_one_zone_group(world: World) -> None:
    world.make(ENDPOINT)
    configs = {"properties.privateDnsZoneConfigs": [{"name": "z", "properties": {"privateDnsZoneId": ZONE}}]}
    world.put(f"{ENDPOINT}/privateDnsZoneGroups/default", configs)
    with refused("one_zone_group_for_an_endpoint", "PrivateDnsZoneGroupLimitReached", "'default'"):
        world.put(f"{ENDPOINT}/privateDnsZoneGroups/second", configs)


def test_a_network_has_one_zone_of_a_name(world: World) -> None:
    world.make(ZONE)
    given = {"location": "global", "properties": {"virtualNetwork": {"id": VNET}}}
    world.put(LINK, given)
    other = GROUP.replace("/rg", "/other")
    world.put(other, like=GROUP)
    world.put(ZONE.replace("/rg/", "/other/"), like=ZONE)
    with refused("network_has_one_zone_of_a_name", "BadRequest", "overlapping namespaces"):
        world.put(LINK.replace("/rg/", "/other/"), given)


def test_a_subnet_in_use_stays(world: World) -> None:
    world.make(ENDPOINT)
    for id in (SUBNET, VNET):
        with refused("subnet_is_not_in_use", "InUseSubnetCannotBeDeleted", "Subnet endpoints is in use"):
            world.arm.delete(OWNER, id)
    world.arm.delete(OWNER, ENDPOINT)
    world.arm.delete(OWNER, SUBNET)


def test_a_security_group_in_use_stays(world: World) -> None:
    world.make(SUBNET)
    with refused("security_group_is_not_in_use", "InUseNetworkSecurityGroupCannotBeDeleted", SUBNET):
        world.arm.delete(OWNER, NSG)


def test_a_zone_with_links_stays(world: World) -> None:
    world.make(ZONE)
    world.put(LINK, {"location": "global", "properties": {"virtualNetwork": {"id": VNET}}})
    with refused("zone_has_no_links", "CannotDeleteResource", LINK):
        world.arm.delete(OWNER, ZONE)
