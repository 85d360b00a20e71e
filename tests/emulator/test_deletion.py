"""What Azure does not let go: locks, names in use, and what it keeps of what was deleted."""

from tests.emulator.arm import OWNER
from tests.emulator.world import (
    CLUSTER,
    CONTAINER,
    GROUP,
    HERE,
    INSIGHTS,
    LOGS,
    REGISTRY,
    STORAGE,
    SUB,
    VAULT,
    WORKSPACE,
    World,
    refused,
)


def test_a_lock_stops_deletion_of_what_is_below_and_above(world: World) -> None:
    world.make(VAULT)
    world.lock(STORAGE, "CanNotDelete")
    for id in (STORAGE, GROUP):
        with refused("lock_stops_deletion", "ScopeLocked", f"The scope '{id}' cannot perform delete operation"):
            world.arm.delete(OWNER, id)
    world.arm.delete(OWNER, VAULT)
    world.lock(GROUP, "CanNotDelete")
    world.put(CONTAINER)
    with refused("lock_stops_deletion", "ScopeLocked", f"locked: '{STORAGE},{GROUP}'"):
        world.arm.delete(OWNER, CONTAINER)


def test_a_read_only_lock_stops_writes_and_keys(world: World) -> None:
    world.make(STORAGE)
    world.lock(GROUP, "ReadOnly")
    with refused("read_only_stops_writes", "ScopeLocked", "cannot perform write operation"):
        world.put(STORAGE)
    with refused("read_only_stops_writes", "ScopeLocked", "Please remove the lock"):
        world.arm.post(OWNER, STORAGE, "listKeys")


def test_a_lock_on_the_group_keeps_clusters_running(world: World) -> None:
    world.make(CLUSTER)
    world.arm.post(OWNER, CLUSTER, "scaleDown")
    world.lock(GROUP, "CanNotDelete")
    with refused("lock_stops_scaling_down", "ScopeLocked", f"locked: '{GROUP}'"):
        world.arm.post(OWNER, CLUSTER, "scaleDown")


def test_a_name_that_somebody_has(world: World) -> None:
    world.make(REGISTRY)
    for id, code in (
        (STORAGE, "StorageAccountAlreadyTaken"),
        (VAULT, "VaultAlreadyExists"),
        (REGISTRY, "AlreadyInUse"),
    ):
        other = id.replace("resourceGroups/rg", "resourceGroups/other")
        world.arm.put(OWNER, f"{SUB}/resourceGroups/other", HERE)
        with refused("name_is_free", code, id.rsplit("/", 1)[1]):
            world.put(other, like=id)
    world.arm.taken = {"stforeign"}
    with refused("name_is_free", "StorageAccountAlreadyTaken", "stforeign"):
        world.put(STORAGE.replace("stlend", "stforeign"), like=STORAGE)


def test_a_deleted_vault_blocks_its_name(world: World) -> None:
    world.make(VAULT)
    world.arm.delete(OWNER, VAULT)
    with refused("deleted_vault_keeps_its_name", "ConflictError", "recover or purge"):
        world.put(VAULT)
    with refused("protected_vault_is_not_purged", "MethodNotAllowed", "DeletedVaultPurge"):
        world.arm.post(OWNER, VAULT, "purge")
    world.put(VAULT, {"properties.createMode": "recover"})
    world.arm.delete(OWNER, VAULT)
    world.arm.clock.advance(days=90)
    world.put(VAULT)


def test_a_deleted_workspace_blocks_its_name(world: World) -> None:
    world.make(WORKSPACE)
    first = world.arm.get(OWNER, WORKSPACE)["properties"]["workspaceId"]
    world.arm.delete(OWNER, WORKSPACE)
    with refused("deleted_workspace_keeps_its_name", "BadRequest", "Soft-deleted workspace exists"):
        world.put(WORKSPACE)
    world.arm.post(OWNER, WORKSPACE, "purge")
    assert world.put(WORKSPACE)["properties"]["workspaceId"] != first


def test_a_deleted_log_workspace_comes_back(world: World) -> None:
    world.make(LOGS)
    first = world.arm.get(OWNER, LOGS)["properties"]["customerId"]
    world.arm.delete(OWNER, LOGS)
    with refused("deleted_log_workspace_comes_back_in_its_region", "Conflict", "'westeurope'"):
        world.put(LOGS, {"location": "northeurope"})
    assert world.put(LOGS)["properties"]["customerId"] == first
    world.arm.delete(OWNER, LOGS)
    world.arm.clock.advance(days=14)
    assert world.put(LOGS)["properties"]["customerId"] != first


def test_a_group_goes_with_all_that_is_in_it_children_first(world: World) -> None:
    world.make(INSIGHTS)
    world.arm.delete(OWNER, GROUP)
    assert [document["id"] for document in world.arm.list(OWNER, GROUP)] == []
    assert world.arm.deletions[0] == INSIGHTS
    assert world.arm.deletions[-1] == GROUP
