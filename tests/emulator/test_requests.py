"""What Azure refuses of any request: rights, parents, names, places."""

import pytest

from tests.emulator.access import Policy
from tests.emulator.arm import OWNER
from tests.emulator.world import (
    CLUSTER,
    CONTAINER,
    GROUP,
    HERE,
    IDENTITY,
    REGISTRY,
    STORAGE,
    SUB,
    VAULT,
    WORKSPACE,
    World,
    refused,
)

SOMEBODY = "00000000-0000-0000-0000-0000000000aa"


def test_who_has_no_role_may_not_read_write_or_delete(world: World) -> None:
    world.make(STORAGE)
    wording = f"The client '{SOMEBODY}' with object id '{SOMEBODY}' does not have authorization to perform action"
    action = "'Microsoft.Storage/storageAccounts/"
    with refused("caller_needs_the_action", "AuthorizationFailed", f"{wording} {action}read' over scope '{STORAGE}'"):
        world.arm.get(SOMEBODY, STORAGE)
    with refused("caller_needs_the_action", "AuthorizationFailed", f"{wording} {action}write'"):
        world.put(STORAGE, caller=SOMEBODY)
    with refused("caller_needs_the_action", "AuthorizationFailed", f"{wording} {action}delete'"):
        world.arm.delete(SOMEBODY, STORAGE)
    assert world.arm.list(SOMEBODY, SUB) == []


def test_a_reader_reads_and_does_not_write(world: World) -> None:
    world.make(STORAGE)
    world.give(SOMEBODY, "Reader")
    assert world.arm.get(SOMEBODY, STORAGE)["name"] == "stlend"
    with refused("caller_needs_the_action", "AuthorizationFailed", "storageAccounts/listKeys/action"):
        world.arm.post(SOMEBODY, STORAGE, "listKeys")


@pytest.mark.parametrize("extension", ["locks/keep", "roleAssignments/12345678-0000-0000-0000-000000000000"])
def test_a_contributor_writes_neither_locks_nor_roles(world: World, extension: str) -> None:
    world.make(STORAGE)
    world.give(SOMEBODY, "Contributor")
    world.put(STORAGE, caller=SOMEBODY)
    kind = extension.split("/")[0]
    with refused("caller_needs_the_action", "AuthorizationFailed", f"Microsoft.Authorization/{kind}/write"):
        world.arm.put(SOMEBODY, f"{GROUP}/providers/Microsoft.Authorization/{extension}", {"properties": {}})


def test_a_role_works_only_after_its_delay(world: World) -> None:
    world.make(STORAGE)
    world.arm.propagation = 5
    world.arm.clock.advance(minutes=5)
    world.give(SOMEBODY, "Reader")
    with refused("caller_needs_the_action", "AuthorizationFailed", "If access was recently granted"):
        world.arm.get(SOMEBODY, STORAGE)
    world.arm.clock.advance(minutes=5)
    world.arm.get(SOMEBODY, STORAGE)


def test_a_subscription_that_is_not_there(world: World) -> None:
    other = "/subscriptions/00000000-0000-0000-0000-000000000009"
    world.arm.assign(OWNER, "Owner", other)
    with refused("subscription_exists", "SubscriptionNotFound", "could not be found"):
        world.arm.put(OWNER, f"{other}/resourceGroups/rg", HERE)


def test_a_group_that_is_not_there(world: World) -> None:
    with refused("resource_group_exists", "ResourceGroupNotFound", "Resource group 'rg' could not be found."):
        world.put(STORAGE)


def test_a_parent_that_is_not_there(world: World) -> None:
    world.make(GROUP)
    with refused("parent_exists", "ParentResourceNotFound", "Parent resource 'default' not found"):
        world.put(CONTAINER)
    world.make(STORAGE)
    assert world.put(CONTAINER)["type"] == "Microsoft.Storage/storageAccounts/blobServices/containers"


def test_what_is_not_there_is_not_found(world: World) -> None:
    world.make(GROUP)
    with refused("resource_exists", "ResourceNotFound", "storageAccounts/stlend' under resource group 'rg' was not"):
        world.arm.get(OWNER, STORAGE)
    with refused("resource_exists", "ResourceGroupNotFound", "'other'"):
        world.arm.get(OWNER, f"{SUB}/resourceGroups/other")


def test_a_type_that_is_not_there(world: World) -> None:
    world.make(GROUP)
    with refused("type_is_known", "InvalidResourceType", "'accounts' could not be found in the namespace 'Micro.Soft'"):
        world.arm.put(OWNER, f"{GROUP}/providers/Micro.Soft/accounts/x", HERE)


def test_a_provider_that_is_not_registered(world: World) -> None:
    world.make(GROUP)
    world.arm.unregistered = {"Microsoft.Storage"}
    with refused("namespace_is_registered", "MissingSubscriptionRegistration", "namespace 'Microsoft.Storage'"):
        world.put(STORAGE)


@pytest.mark.parametrize(
    ("id", "code"),
    [
        (STORAGE.replace("stlend", "st-lend"), "AccountNameInvalid"),
        (STORAGE.replace("stlend", "s" * 25), "AccountNameInvalid"),
        (VAULT.replace("kv-lend", "kv--lend"), "VaultNameNotValid"),
        (VAULT.replace("kv-lend", "v" * 25), "VaultNameNotValid"),
        (REGISTRY.replace("crlend", "cr-lend"), "InvalidResourceName"),
        (WORKSPACE.replace("mlw-lend", "m" * 34), "InvalidResourceName"),
        (CLUSTER.replace("cpu", "c" * 33), "InvalidResourceName"),
        (IDENTITY.replace("id-lend", "id"), "InvalidResourceName"),
        (CONTAINER.replace("ledger", "Ledger"), "ContainerNameInvalid"),
        (f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/me", "InvalidRoleAssignmentId"),
    ],
)
def test_a_name_of_the_wrong_form(world: World, id: str, code: str) -> None:
    world.make(WORKSPACE)
    with refused("name_fits", code, f"'{id.rsplit('/', 1)[1]}' is not a valid name"):
        world.put(id)


def test_a_region_that_is_not_there(world: World) -> None:
    with refused("location_is_offered", "LocationNotAvailableForResourceGroup", "'atlantis'"):
        world.put(GROUP, {"location": "atlantis"})
    world.put(GROUP, {"location": "West Europe"})
    with refused("location_is_offered", "LocationNotAvailableForResourceType", "'Microsoft.KeyVault/vaults'"):
        world.put(VAULT, {"location": "atlantis"})
    with refused("location_is_offered", "LocationRequired", "location"):
        world.put(VAULT, {"location": None})


def test_nothing_moves_to_another_region(world: World) -> None:
    world.make(STORAGE)
    with refused("location_stays", "InvalidResourceLocation", "already exists in location 'westeurope'"):
        world.put(STORAGE, {"location": "northeurope"})
    with refused("location_stays", "InvalidResourceGroupLocation", "northeurope"):
        world.put(GROUP, {"location": "northeurope"})


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({f"t{n}": "" for n in range(51)}, "TagCountLimitExceeded"),
        ({"t" * 129: ""}, "InvalidTagNameLength"),
        ({"a/b": ""}, "InvalidTagNameCharacters"),
        ({"a": "b" * 257}, "InvalidTagValueLength"),
    ],
)
def test_tags_beyond_the_limits(world: World, tags: dict[str, str], code: str) -> None:
    world.make(GROUP)
    with refused("tags_fit", code, ""):
        world.put(STORAGE, {"tags": tags})


def test_a_policy_that_denies(world: World) -> None:
    world.make(GROUP)
    untagged = Policy("require cost-centre", "Microsoft.Storage/storageAccounts", lambda body: not body.get("tags"))
    world.arm.policies = [untagged]
    with refused("policy_allows", "RequestDisallowedByPolicy", "'stlend' was disallowed by policy"):
        world.put(STORAGE)
    world.put(STORAGE, {"tags": {"cost-centre": "7"}})


def test_ids_are_compared_without_case(world: World) -> None:
    world.make(STORAGE)
    assert world.arm.get(OWNER, STORAGE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))["id"] == STORAGE
