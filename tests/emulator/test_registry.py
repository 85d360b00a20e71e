"""What a registry of Azure ML refuses."""

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.world import (
    CLUSTER,
    DEPLOYMENT,
    GROUP,
    HERE,
    IDENTITY,
    ONLINE,
    STORAGE,
    SUB,
    WORKSPACE,
    World,
    refused,
)

REGISTRY = f"{SUB}/resourceGroups/org/providers/Microsoft.MachineLearningServices/registries/mlr-agency"
MODEL, SHARED = (f"{scope}/models/triage/versions/1" for scope in (WORKSPACE, REGISTRY))
IMAGE, SHARED_IMAGE = (f"{scope}/environments/serve/versions/1" for scope in (WORKSPACE, REGISTRY))
NAMED = "azureml://registries/mlr-agency/{}/versions/1"
STEP, WHOLE = (f"{WORKSPACE}/components/{name}/versions/1" for name in ("step", "whole"))
TABLES = f"{WORKSPACE}/batchEndpoints/tables"
SHARER = "00000000-0000-0000-0000-0000000000aa"


@pytest.fixture
def agency(world: World) -> World:
    """A workspace with a model and an image, a registry that may copy them, and somebody who may share."""
    world.make(CLUSTER)
    world.arm.put(OWNER, f"{SUB}/resourceGroups/org", HERE)
    made = world.arm.put(OWNER, REGISTRY, HERE | {"identity": {"type": "SystemAssigned"}})
    for role in ("Storage Blob Data Reader", "AcrPull"):
        world.arm.assign(made["identity"]["principalId"], role, GROUP)
    world.arm.put(OWNER, MODEL, {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/model"}})
    world.arm.put(OWNER, IMAGE, {"properties": {"image": "crlend.azurecr.io/serve@sha256:0"}})
    world.arm.assign(SHARER, "AzureML Registry User", REGISTRY)
    world.arm.assign(SHARER, "Reader", WORKSPACE)
    return world


def share(agency: World, source: str = MODEL, caller: str = SHARER) -> None:
    to = SHARED_IMAGE if source == IMAGE else SHARED
    agency.arm.put(caller, to, {"properties": {"sourceAssetId": source}})


def take(agency: World, role: str) -> None:
    """The registry's own identity loses a role."""
    copier = agency.arm.store.documents[REGISTRY]["identity"]["principalId"]
    agency.arm.delete(OWNER, agency.arm.assign(copier, role, GROUP))


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
    share(agency, IMAGE)
    if "networkAcls" in closed:
        return share(agency)
    with refused("storage_lets_the_registry_in", "UserError", "mlr-agency is not authorized to read the storage"):
        share(agency)


@pytest.mark.parametrize(
    ("rule", "role", "source", "action"),
    [
        ("registry_reads_what_it_copies", "Storage Blob Data Reader", MODEL, "containers/blobs/read"),
        ("registry_pulls_what_it_copies", "AcrPull", IMAGE, "registries/pull/read"),
    ],
)
def test_a_registry_copies_what_its_own_identity_may_read(
    agency: World, rule: str, role: str, source: str, action: str
) -> None:
    take(agency, role)
    with refused(rule, "UserError", action):
        share(agency, source)


def test_who_uses_what_is_shared_may_read_it(agency: World) -> None:
    share(agency)
    agency.put(ONLINE, {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}})
    for role in ("Storage Blob Data Reader", "AcrPull"):
        agency.arm.assign(agency.principal(), role, GROUP)
    agency.arm.clock.advance(minutes=60)
    caller = "00000000-0000-0000-0000-0000000000cc"
    agency.arm.assign(caller, "Contributor", GROUP)
    for needed in (caller, agency.principal()):
        with refused("who_uses_a_registry_reads_it", "AuthorizationFailed", f"'{needed}' does not have"):
            agency.put(DEPLOYMENT, {"properties.model": NAMED.format("models/triage")}, caller=caller)
        agency.arm.assign(needed, "Reader", REGISTRY)
    agency.put(DEPLOYMENT, {"properties.model": NAMED.format("models/triage")}, caller=caller)


@pytest.mark.parametrize("used", [MODEL, IMAGE], ids=["model", "image"])
@pytest.mark.parametrize(
    ("id", "rule", "properties"),
    [
        (f"{WORKSPACE}/jobs/one", "who_uses_a_registry_reads_it", {"componentId": WHOLE}),
        (
            f"{TABLES}/deployments/blue",
            "who_uses_a_registry_reads_it",
            {"deploymentConfiguration": {"componentId": {"assetId": WHOLE}}},
        ),
        (
            f"{WORKSPACE}/schedules/train",
            "scheduled_job_can_run",
            {"action": {"jobDefinition": {"componentId": WHOLE}}, "isEnabled": True},
        ),
    ],
    ids=["job", "deployment", "schedule"],
)
def test_who_runs_what_is_shared_may_read_it(agency: World, id: str, rule: str, properties: dict, used: str) -> None:
    """A component whose step has a model as its input, or runs in an image."""
    share(agency, used)
    image = {"environment": NAMED.format("environments/serve")} if used == IMAGE else {}
    model = {"model": {"uri": NAMED.format("models/triage")}} if used == MODEL else {}
    node = {"componentId": STEP, "computeId": CLUSTER, "inputs": model}
    for component, spec in ((STEP, {"type": "command"} | image), (WHOLE, {"type": "pipeline", "jobs": {"step": node}})):
        agency.arm.put(OWNER, component, {"properties": {"componentSpec": spec}})
    agency.arm.put(OWNER, TABLES, HERE)
    caller = "00000000-0000-0000-0000-0000000000cc"
    agency.arm.assign(caller, "Contributor", GROUP)
    with refused(rule, "AuthorizationFailed", f"'{caller}' does not have"):
        agency.arm.put(caller, id, HERE | {"properties": properties})
    agency.arm.assign(caller, "Reader", REGISTRY)
    agency.arm.put(caller, id, HERE | {"properties": properties})


def test_who_submits_a_job_with_a_shared_model_may_read_it(agency: World) -> None:
    share(agency)
    caller, given = "00000000-0000-0000-0000-0000000000cc", {"model": {"uri": NAMED.format("models/triage")}}
    agency.arm.assign(caller, "Contributor", GROUP)
    with refused("who_uses_a_registry_reads_it", "AuthorizationFailed", f"'{caller}' does not have"):
        agency.arm.put(caller, f"{WORKSPACE}/jobs/one", {"properties": {"inputs": given}})


def test_a_way_leads_to_the_registry_where_only_approved_ones_are_open(agency: World) -> None:
    share(agency)
    agency.put(ONLINE)
    agency.arm.clock.advance(minutes=60)
    network = {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": {}}
    agency.arm.change_behind(WORKSPACE, "properties.managedNetwork", network)
    with refused("registry_can_be_reached", "ImageBuildFailure", "mlr-agency cannot be reached"):
        agency.put(DEPLOYMENT, {"properties.model": NAMED.format("models/triage")})
    network["outboundRules"] = {"it": {"type": "PrivateEndpoint", "destination": {"serviceResourceId": REGISTRY}}}
    agency.put(DEPLOYMENT, {"properties.model": NAMED.format("models/triage")})


def test_a_shared_version_is_never_changed(agency: World) -> None:
    agency.arm.put(OWNER, SHARED, {"properties": {"modelUri": "https://a.blob.core.windows.net/c/one"}})
    with refused("versions_stay", "UserError", "Asset paths cannot be updated."):
        agency.arm.put(OWNER, SHARED, {"properties": {"modelUri": "https://a.blob.core.windows.net/c/two"}})
