"""What a registry of Azure ML refuses."""

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.world import GROUP, HERE, STORAGE, WORKSPACE, World, refused

REGISTRY = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/mlr-agency"
MODEL, SHARED = (f"{scope}/models/triage/versions/1" for scope in (WORKSPACE, REGISTRY))
SHARER = "00000000-0000-0000-0000-0000000000aa"


@pytest.fixture
def agency(world: World) -> World:
    """A workspace with a model, a registry, and somebody who may read the one and write to the other."""
    world.make(WORKSPACE)
    world.arm.put(OWNER, REGISTRY, HERE)
    world.arm.put(OWNER, MODEL, {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/model"}})
    world.arm.assign(SHARER, "AzureML Registry User", REGISTRY)
    world.arm.assign(SHARER, "Reader", WORKSPACE)
    return world


def share(agency: World, source: str = MODEL, caller: str = SHARER) -> None:
    agency.arm.put(caller, SHARED, {"properties": {"sourceAssetId": source}})


def test_what_is_shared_is_not_shared_again(agency: World) -> None:
    share(agency)
    with refused("shared_once", "UserError", "A model triage:1 already exists in the registry."):
        share(agency)


def test_what_is_shared_is_there_and_may_be_read(agency: World) -> None:
    with refused("source_is_there", "UserError", "Could not find asset with assetId"):
        share(agency, MODEL.removesuffix("1") + "2")
    stranger = "00000000-0000-0000-0000-0000000000bb"
    agency.arm.assign(stranger, "AzureML Registry User", REGISTRY)
    with refused("source_is_there", "UserError", "Could not find asset with assetId"):
        share(agency, caller=stranger)


def test_who_only_reads_a_registry_does_not_write_to_it(agency: World) -> None:
    reader = "00000000-0000-0000-0000-0000000000bb"
    agency.arm.assign(reader, "Reader", GROUP)
    with refused("caller_needs_the_action", "AuthorizationFailed", "registries/assets/write"):
        share(agency, caller=reader)


@pytest.mark.parametrize("closed", [{"publicNetworkAccess": "Disabled"}, {"networkAcls": {"defaultAction": "Deny"}}])
def test_storage_that_is_closed_lists_the_registry(agency: World, closed: dict) -> None:
    rules = [{"resourceId": REGISTRY}]
    for key, value in closed.items():
        agency.arm.change_behind(STORAGE, f"properties.{key}", value)
    with refused("storage_lets_the_registry_in", "UserError", "mlr-agency is not authorized to read the storage"):
        share(agency)
    agency.arm.change_behind(STORAGE, "properties.networkAcls.resourceAccessRules", rules)
    share(agency)


def test_a_shared_version_is_never_changed(agency: World) -> None:
    agency.arm.put(OWNER, SHARED, {"properties": {"modelUri": "https://a.blob.core.windows.net/c/one"}})
    with refused("versions_stay", "UserError", "Asset paths cannot be updated."):
        agency.arm.put(OWNER, SHARED, {"properties": {"modelUri": "https://a.blob.core.windows.net/c/two"}})
