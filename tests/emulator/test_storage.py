"""What Azure refuses of storage, registries of images and vaults."""

import ipaddress

import pytest

from tests.emulator.world import ENDPOINT, GROUP, REGISTRY, STORAGE, SUBNET, VAULT, World, refused

BLOBS = f"{STORAGE}/blobServices/default"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "FileStorage"}, "InvalidAccountKindSkuCombination"),
        ({"sku.name": "Standard_GZRS", "location": "italynorth"}, "SkuNotAvailable"),
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
