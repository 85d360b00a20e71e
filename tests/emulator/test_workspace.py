"""What Azure refuses of an ML workspace: managed network, computes, endpoints, and the roles of their identities."""

from typing import Any

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.rules.workspace import deployment_cores
from tests.emulator.world import (
    CLUSTER,
    DEPLOYMENT,
    HERE,
    IDENTITY,
    INSIGHTS,
    ONLINE,
    REGISTRY,
    STORAGE,
    VAULT,
    WORKSPACE,
    World,
    refused,
)

RULE = f"{WORKSPACE}/outboundRules/out"
MODE = "properties.managedNetwork.isolationMode"
BY_USER: dict[str, Any] = {
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
    "properties.primaryUserAssignedIdentity": IDENTITY,
}


def outbound(kind: str, target: str, part: str = "blob") -> dict[str, object]:
    inside = {"serviceResourceId": target, "subresourceTarget": part} if kind == "PrivateEndpoint" else target
    return {"properties": {"type": kind, "destination": inside}}


def other_storage(world: World) -> str:
    other = STORAGE.replace("stlend", "stlake")
    world.put(other, like=STORAGE)
    return other


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AllowInternetOutbound", "Disabled"),
        ("AllowOnlyApprovedOutbound", "Disabled"),
        ("AllowOnlyApprovedOutbound", "AllowInternetOutbound"),
    ],
)
def test_isolation_is_a_one_way_door(world: World, old: str, new: str) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {MODE: old})
    with refused("isolation_is_a_one_way_door", "ValidationError", f"cannot be changed from '{old}' to '{new}'"):
        world.put(WORKSPACE, {MODE: new})


def test_isolation_is_switched_on_only_without_computes(world: World) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {MODE: "Disabled"})
    world.put(CLUSTER)
    with refused("isolation_needs_computes_gone", "ValidationError", "while 'cpu' exists"):
        world.put(WORKSPACE)
    world.arm.delete(OWNER, CLUSTER)
    world.put(WORKSPACE)


def test_the_network_takes_half_an_hour(world: World) -> None:
    world.make(ONLINE)
    with refused("deployment_waits_for_the_network", "WorkspaceManagedNetworkNotReady", "'mlw-lend'"):
        world.put(DEPLOYMENT)
    world.arm.clock.advance(minutes=30)
    world.put(DEPLOYMENT)
    assert world.arm.get(OWNER, WORKSPACE)["properties"]["managedNetwork"]["status"]["status"] == "Active"


def test_a_network_that_nobody_provisions_is_never_ready(world: World) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {"properties.provisionNetworkNow": False})
    world.put(ONLINE)
    world.arm.clock.advance(days=1)
    with refused("deployment_waits_for_the_network", "WorkspaceManagedNetworkNotReady", "Provision"):
        world.put(DEPLOYMENT)
    world.arm.post(OWNER, WORKSPACE, "provisionManagedNetwork")
    world.arm.clock.advance(minutes=30)
    world.put(DEPLOYMENT)


def test_with_internet_outbound_only_private_endpoints_are_rules(world: World) -> None:
    world.make(WORKSPACE)
    with refused("outbound_rule_fits_the_isolation", "ValidationError", 'Only "PrivateEndpoint" outbound rules'):
        world.arm.put(OWNER, RULE, outbound("FQDN", "data.example.org"))
    world.arm.put(OWNER, RULE, outbound("PrivateEndpoint", other_storage(world)))


def test_azure_makes_the_rules_to_the_workspaces_own_where_it_is_closed(world: World) -> None:
    world.make(WORKSPACE)
    world.arm.put(OWNER, RULE, outbound("PrivateEndpoint", STORAGE, "blob"))
    world.arm.delete(OWNER, RULE)
    world.put(STORAGE, {"properties.publicNetworkAccess": "Disabled"})
    with refused("azure_makes_the_rules_to_its_own", "ValidationError", "already exists"):
        world.arm.put(OWNER, RULE, outbound("PrivateEndpoint", STORAGE, "blob"))


def test_azure_makes_all_rules_to_the_workspaces_own_with_approved_outbound(world: World) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {MODE: "AllowOnlyApprovedOutbound"})
    for target, part in ((STORAGE, "blob"), (STORAGE, "file"), (VAULT, "vault"), (REGISTRY, "registry")):
        with refused("azure_makes_the_rules_to_its_own", "ValidationError", "already exists"):
            world.arm.put(OWNER, RULE, outbound("PrivateEndpoint", target, part))
    world.arm.put(OWNER, RULE, outbound("PrivateEndpoint", STORAGE, "queue"))


def test_the_first_domain_rule_starts_a_firewall(world: World) -> None:
    world.make(INSIGHTS)
    approved = world.put(WORKSPACE, {MODE: "AllowOnlyApprovedOutbound"})
    assert "firewallSku" not in approved["properties"]["managedNetwork"]
    with refused("domain_rule_fits_the_firewall", "ValidationError", "use a private endpoint"):
        world.arm.put(OWNER, RULE, outbound("FQDN", "stlake.blob.core.windows.net"))
    world.arm.put(OWNER, RULE, outbound("FQDN", "data.example.org"))
    assert world.arm.get(OWNER, WORKSPACE)["properties"]["managedNetwork"]["firewallSku"] == "Standard"
    world.arm.clock.advance(minutes=30)
    assert world.arm.get(OWNER, WORKSPACE)["properties"]["managedNetwork"]["status"]["status"] == "Inactive"


@pytest.mark.parametrize(
    "changes",
    [
        {"properties.computeType": "Kubernetes"},
        {"properties.properties.subnet": {"id": "/x"}},
        {"properties.computeLocation": "northeurope"},
    ],
    ids=["kubernetes", "subnet", "region"],
)
def test_a_compute_that_a_managed_network_does_not_take(world: World, changes: dict[str, object]) -> None:
    world.make(WORKSPACE)
    with refused("compute_fits_the_network", "ValidationError", ""):
        world.put(CLUSTER, changes)


ROLES = ("Azure AI Administrator", "Key Vault Administrator", "Storage Blob Data Contributor")
APPROVER = "Azure AI Enterprise Network Connection Approver"


def test_the_identity_of_the_workspace_approves_private_endpoints(world: World) -> None:
    world.make(INSIGHTS)
    world.give(world.principal(), "Reader")
    with refused("network_identity_may_approve", "AuthorizationFailed", APPROVER):
        world.put(WORKSPACE, BY_USER)


def test_the_identity_of_the_workspace_gets_nothing_by_itself(world: World) -> None:
    world.make(INSIGHTS)
    world.give(world.principal(), APPROVER)
    for action, role in zip(("storageAccounts/write", "setSecret", "blobs/write"), ROLES, strict=True):
        with refused("workspace_identity_holds_its_roles", "AuthorizationFailed", action):
            world.put(WORKSPACE, BY_USER)
        world.give(world.principal(), role)
    world.put(WORKSPACE, BY_USER)


def test_a_role_that_does_not_work_yet_is_no_role_for_an_identity(world: World) -> None:
    world.make(INSIGHTS)
    world.arm.clock.advance(minutes=10)
    for role in (*ROLES, APPROVER):
        world.give(world.principal(), role)
    world.arm.propagation = 5
    with refused("network_identity_may_approve", "AuthorizationFailed", "cannot approve private endpoints"):
        world.put(WORKSPACE, BY_USER)
    world.arm.clock.advance(minutes=5)
    world.put(WORKSPACE, BY_USER)


def test_a_workspace_keeps_the_identities_of_its_own(world: World) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {"identity": BY_USER["identity"] | {"type": "SystemAssigned,UserAssigned"}})
    with refused("system_identity_is_not_missed", "ValidationError", "to 'SystemAssigned'"):
        world.put(WORKSPACE)


def test_parts_of_a_workspace_are_there_and_stay(world: World) -> None:
    world.make(INSIGHTS)
    with refused("workspace_parts_exist", "ValidationError", "/vaults/none"):
        world.put(WORKSPACE, {"properties.keyVault": VAULT.replace("kv-lend", "none")})
    world.put(WORKSPACE)
    with refused("workspace_parts_stay", "ValidationError", "storageAccount of a workspace cannot be changed"):
        world.put(WORKSPACE, {"properties.storageAccount": other_storage(world)})


def test_storage_that_a_workspace_cannot_use(world: World) -> None:
    world.make(INSIGHTS)
    with refused("workspace_storage_fits", "KeyBasedAuthenticationNotPermitted", "'identity'"):
        world.put(WORKSPACE, {"properties.systemDatastoresAuthMode": "accessKey"})
    lake = STORAGE.replace("stlend", "stlake")
    world.put(lake, {"properties.isHnsEnabled": True}, like=STORAGE)
    with refused("workspace_storage_fits", "ValidationError", "hierarchical namespace"):
        world.put(WORKSPACE, {"properties.storageAccount": lake})


def test_clusters_stay_within_the_cores(world: World) -> None:
    world.make(CLUSTER)
    world.arm.cores = 30
    with refused("cluster_fits_the_quota", "ClusterCoreQuotaReached", "30 cores"):
        world.put(CLUSTER.replace("cpu", "more"), like=CLUSTER)
    with refused("cluster_fits_the_quota", "InvalidPropertyValue", "'Standard_X'"):
        world.put(CLUSTER, {"properties.properties.vmSize": "Standard_X"})


def test_the_identity_of_a_cluster(world: World) -> None:
    world.make(WORKSPACE)
    by_user = {"identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]}}
    with refused("compute_identity_holds_its_roles", "AuthorizationFailed", "give it Storage Blob Data Contributor"):
        world.put(CLUSTER, by_user)
    world.give(world.principal(), "Storage Blob Data Contributor")
    world.put(CLUSTER, by_user)
    nobody = {"identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY.replace("id-lend", "none")]}}
    with refused("compute_identity_exists", "InvalidUserAssignedIdentity", "/none"):
        world.put(CLUSTER, nobody)
    with refused("compute_identity_exists", "InvalidIdentityType", "not both"):
        world.put(CLUSTER, {"identity": by_user["identity"] | {"type": "SystemAssigned,UserAssigned"}})


def test_the_identity_of_an_endpoint_stays_and_holds_its_roles(world: World) -> None:
    world.make(WORKSPACE)
    world.put(ONLINE, {"identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]}})
    with refused("endpoint_identity_stays", "BadArgument", "cannot be changed"):
        world.put(ONLINE)
    world.arm.clock.advance(minutes=30)
    for role, action in (("Storage Blob Data Reader", "blobs/read"), ("AcrPull", "pull/read")):
        with refused("endpoint_identity_holds_its_roles", "BadArgument", action):
            world.put(DEPLOYMENT)
        world.give(world.principal(), role)
    world.put(DEPLOYMENT)


@pytest.mark.parametrize(("instances", "cores"), [(1, 4), (2, 6), (3, 8), (5, 12), (10, 24)])
def test_a_deployment_needs_a_fifth_more(instances: int, cores: int) -> None:
    assert deployment_cores(instances, "Standard_DS2_v2") == cores


def test_blue_and_green_count_together(world: World) -> None:
    world.make(ONLINE)
    world.arm.clock.advance(minutes=30)
    world.arm.cores = 15
    world.put(DEPLOYMENT)
    with refused("deployment_fits_the_quota", "OutOfQuota", "16 cores are needed"):
        world.put(DEPLOYMENT.replace("blue", "green"), HERE, like=DEPLOYMENT)
