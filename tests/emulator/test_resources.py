"""What Azure refuses of storage, vaults, registries, networks, alerts and budgets."""

import ipaddress
from datetime import UTC, datetime

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.clock import Clock
from tests.emulator.world import (
    ACTIONS,
    ALERT,
    ENDPOINT,
    GROUP,
    INSIGHTS,
    LOGS,
    NSG,
    REGISTRY,
    SETTING,
    STORAGE,
    SUBNET,
    VAULT,
    VNET,
    WORKSPACE,
    ZONE,
    World,
    refused,
)

LINK = f"{ZONE}/virtualNetworkLinks/here"
BLOBS = f"{STORAGE}/blobServices/default"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "FileStorage"}, "InvalidAccountKindSkuCombination"),
        ({"sku.name": "Standard_GZRS", "location": "germanywestcentral"}, "SkuNotAvailable"),
        ({"location": "ukwest"}, "SkuNotAvailable"),
    ],
)
def test_redundancy_that_kind_or_region_has_not(world: World, changes: dict[str, object], code: str) -> None:
    world.make(GROUP)
    with refused("redundancy_fits_kind_and_region", code, "Standard_"):
        world.put(STORAGE, changes)


def test_an_account_is_not_rebuilt_by_an_update(world: World) -> None:
    world.make(STORAGE)
    with refused("account_is_not_rebuilt", "StorageAccountSkuCannotBeUpdated", "conversion"):
        world.put(STORAGE, {"sku.name": "Standard_LRS"})
    with refused("account_is_not_rebuilt", "AccountPropertyCannotBeUpdated", "isHnsEnabled"):
        world.put(STORAGE, {"properties.isHnsEnabled": True})


@pytest.mark.parametrize(
    "range", [str(ipaddress.ip_network((0x0A000000, 24))), "20.50.0.1/32", "20.50"], ids=["private", "small", "odd"]
)
def test_an_address_rule_that_storage_does_not_take(world: World, range: str) -> None:
    world.make(GROUP)
    with refused("address_rules_are_public", "InvalidValuesForRequestParameters", range):
        world.put(STORAGE, {"properties.networkAcls": {"ipRules": [{"value": range}]}})


def test_versions_and_days_that_the_account_has_not(world: World) -> None:
    world.make(GROUP)
    world.put(STORAGE, {"properties.isHnsEnabled": True})
    with refused("versions_fit_the_account", "FeatureNotSupportedForAccount", "hierarchical"):
        world.put(BLOBS, {"properties.isVersioningEnabled": True})
    with refused("versions_fit_the_account", "InvalidValuesForRequestParameters", "1 and 365"):
        world.put(BLOBS, {"properties.deleteRetentionPolicy": {"enabled": True, "days": 400}})


def test_a_public_container_where_none_may_be(world: World) -> None:
    world.make(STORAGE)
    with refused("container_is_not_public", "PublicAccessNotPermitted", "not permitted"):
        world.put(f"{BLOBS}/containers/data", {"properties.publicAccess": "Blob"})


@pytest.mark.parametrize("changes", [{"publicNetworkAccess": "Disabled"}, {"zoneRedundancy": "Enabled"}])
def test_a_standard_registry_is_public_and_in_one_zone(world: World, changes: dict[str, str]) -> None:
    world.make(GROUP)
    with refused("registry_tier_offers_it", "SkuNotSupported", "only supported for Premium"):
        world.put(REGISTRY, {"sku.name": "Standard", "properties": changes})
    with refused("registry_tier_offers_it", "ZoneRedundancyNotSupported", "'ukwest'"):
        world.put(REGISTRY, {"location": "ukwest"})


def test_zone_redundancy_of_a_registry_stays(world: World) -> None:
    world.make(REGISTRY)
    with refused("zone_redundancy_stays", "ZoneRedundancyCannotBeChanged", "after creation"):
        world.put(REGISTRY, {"properties.zoneRedundancy": "Disabled"})


def test_a_private_endpoint_to_a_standard_registry(world: World) -> None:
    world.make(SUBNET, without=(REGISTRY,))
    world.put(REGISTRY, {"sku.name": "Standard", "properties": {}})
    connection = {"properties": {"privateLinkServiceId": REGISTRY, "groupIds": ["registry"]}}
    with refused("private_registry_is_premium", "SkuNotSupported", "Premium"):
        world.put(ENDPOINT, {"properties.privateLinkServiceConnections": [connection]})


def test_protection_of_a_vault_is_for_good(world: World) -> None:
    world.make(VAULT)
    for key in ("enablePurgeProtection", "enableSoftDelete"):
        with refused("protection_is_for_good", "BadRequest", f'"{key}" cannot be set to false'):
            world.put(VAULT, {f"properties.{key}": False})


def test_days_of_soft_delete_stay(world: World) -> None:
    world.make(VAULT)
    with refused("kept_days_stay", "BadRequest", "can't be modified"):
        world.put(VAULT, {"properties.softDeleteRetentionInDays": 7})
    with refused("kept_days_stay", "BadRequest", "between 7 and 90"):
        world.put(VAULT, {"properties.softDeleteRetentionInDays": 91})


def test_a_vault_goes_by_roles_or_by_policies(world: World) -> None:
    world.make(GROUP)
    with refused("policies_name_a_tenant", "BadRequest", "tenantId"):
        world.put(VAULT, {"properties.tenantId": None})
    with refused("policies_name_a_tenant", "BadRequest", "goes by roles"):
        world.put(VAULT, {"properties.enableRbacAuthorization": True, "properties.accessPolicies": [{"objectId": "x"}]})


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


def test_a_diagnostic_setting_without_a_place_to_send_to(world: World) -> None:
    world.make(WORKSPACE)
    with refused("setting_has_a_sink", "BadRequest", "no destination"):
        world.put(SETTING, {"properties.workspaceId": None})
    with refused("setting_has_a_sink", "ResourceNotFound", "/none"):
        world.put(SETTING, {"properties.workspaceId": f"{LOGS}/none"})


def test_a_category_is_sent_once_and_by_five_settings_at_most(world: World) -> None:
    world.make(SETTING)
    with refused("category_goes_once_to_a_sink", "Conflict", "diagnostic setting 'all' for category 'AmlCompute"):
        world.put(SETTING.replace("/all", "/again"), like=SETTING)
    for number in range(4):
        logs = [{"category": f"c{number}", "enabled": True}]
        world.put(SETTING.replace("/all", f"/s{number}"), {"properties.logs": logs}, like=SETTING)
    with refused("settings_are_few", "TooManyDiagnosticSettings", "at most 5"):
        world.put(SETTING.replace("/all", "/sixth"), {"properties.logs": []}, like=SETTING)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"properties.scopes": [f"{LOGS}x"]}, "ResourceNotFound"),
        ({"properties.windowSize": "PT7M"}, "BadRequest"),
        ({"properties.evaluationFrequency": "PT1H"}, "BadRequest"),
        ({"properties.severity": 5}, "BadRequest"),
    ],
)
def test_an_alert_that_cannot_run(world: World, changes: dict[str, object], code: str) -> None:
    world.make(ACTIONS)
    with refused("query_rule_fits", code, ""):
        world.put(ALERT, changes)


def test_an_alert_that_reaches_nobody(world: World) -> None:
    world.make(INSIGHTS)
    with refused("alert_reaches_somebody", "ResourceNotFound", ACTIONS):
        world.put(ALERT)


def test_a_long_short_name(world: World) -> None:
    world.make(GROUP)
    with refused("short_name_is_short", "BadRequest", "12 characters"):
        world.put(ACTIONS, {"properties.groupShortName": "income-support"})


def test_logs_kept_too_short(world: World) -> None:
    world.make(GROUP)
    with refused("logs_are_kept_in_bounds", "InvalidParameter", "30 and 730"):
        world.put(LOGS, {"properties.retentionInDays": 7})


def test_a_budget_starts_on_the_first_of_this_month_or_later() -> None:
    world = World(Clock(datetime(2026, 5, 20, tzinfo=UTC)))
    world.make(GROUP)
    with refused("budget_starts_with_the_month", "400", "first of the month"):
        world.budget("2026-05-02T00:00:00Z")
    with refused("budget_starts_with_the_month", "400", "current month"):
        world.budget("2026-04-01T00:00:00Z")
    world.budget("2026-05-01T00:00:00Z")
    world.arm.clock.advance(days=40)
    world.budget("2026-05-01T00:00:00Z", amount=500)
    with refused("budget_keeps_its_start", "400", "Please delete and create a new budget"):
        world.budget("2026-06-01T00:00:00Z")


@pytest.mark.parametrize(
    "properties",
    [
        {"amount": 0},
        {"notifications": {"a": {"threshold": 2000, "contactEmails": ["a@b.c"]}}},
        {"notifications": {"a": {"threshold": 80}}},
        {"notifications": {str(n): {"threshold": 80, "contactEmails": ["a@b.c"]} for n in range(6)}},
    ],
    ids=["amount", "threshold", "nobody", "many"],
)
def test_a_budget_that_is_not_sound(world: World, properties: dict[str, object]) -> None:
    world.make(GROUP)
    with refused("budget_is_sound", "400", ""):
        world.budget(f"{world.arm.clock.now():%Y-%m}-01T00:00:00Z", **properties)
