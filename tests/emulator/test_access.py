"""What Azure refuses around identities: role assignments, conditions, federated credentials."""

import threading

import pytest

from tests.emulator.access import BUILT_IN
from tests.emulator.arm import OWNER, Arm
from tests.emulator.rules import Refusal
from tests.emulator.world import ENDPOINT, GROUP, HERE, IDENTITY, STORAGE, SUB, SUBNET, WORKSPACE, World, refused

CI = "00000000-0000-0000-0000-0000000000c1"
SOMEBODY = "00000000-0000-0000-0000-0000000000aa"
ALLOWED = BUILT_IN["Storage Blob Data Reader"]["id"], BUILT_IN["AcrPull"]["id"]
ROLE = "Microsoft.Authorization/roleAssignments"
CONDITION = " AND ".join(
    f"((!(ActionMatches{{'{ROLE}/{verb}'}})) OR (@{source}[{ROLE}:RoleDefinitionId] "
    f"ForAnyOfAnyValues:GuidEquals {{{', '.join(ALLOWED)}}}))"
    for verb, source in (("write", "Request"), ("delete", "Resource"))
)


def credential(arm: Arm, name: str, **properties: object) -> None:
    given = {"issuer": "https://issuer", "subject": f"repo:a/b:{name}", "audiences": ["api://AzureADTokenExchange"]}
    arm.put(OWNER, f"{IDENTITY}/federatedIdentityCredentials/{name}", {"properties": given | properties})


def test_a_constrained_administrator_gives_only_the_roles_of_its_condition(world: World) -> None:
    world.make(STORAGE)
    world.arm.assign(CI, "Role Based Access Control Administrator", GROUP, CONDITION)
    world.give(SOMEBODY, "AcrPull", STORAGE, CI)
    words = f"has an authorization with ABAC condition that is not fulfilled to perform action '{ROLE}/write'"
    with refused("caller_needs_the_action", "AuthorizationFailed", words):
        world.give(CI, "Owner", GROUP, CI)
    foreign = world.give(SOMEBODY, "Reader")["id"]
    with refused("caller_needs_the_action", "AuthorizationFailed", "roleAssignments/delete"):
        world.arm.delete(CI, foreign)
    with refused("caller_needs_the_action", "AuthorizationFailed", "does not have authorization"):
        world.give(SOMEBODY, "AcrPull", SUB, CI)


@pytest.mark.parametrize(
    ("kinds", "allowed"), [("'User', 'Group'", False), ("'ServicePrincipal'", True)], ids=["people", "services"]
)
def test_a_condition_on_the_type_of_principal(world: World, kinds: str, allowed: bool) -> None:
    world.make(GROUP)
    condition = f"@Request[{ROLE}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{{kinds}}}"
    world.arm.assign(CI, "Role Based Access Control Administrator", GROUP, condition)
    if allowed:
        world.give(SOMEBODY, "AcrPull", GROUP, CI)
    else:
        with refused("caller_needs_the_action", "AuthorizationFailed", "ABAC"):
            world.give(SOMEBODY, "AcrPull", GROUP, CI)


def test_a_role_from_outside_says_whose_it_is(world: World) -> None:
    world.make(GROUP)
    given = world.arm.find(world.arm.assign(CI, "Reader", GROUP))
    assert given and given["properties"]["principalType"] == "ServicePrincipal"


@pytest.mark.parametrize(
    "condition", ["(@Request[a:b] ForAnyOfAnyValues:GuidEquals {x}", "sometimes", "@Request[a:b] = {x}", ""]
)
def test_a_condition_that_cannot_be_read(world: World, condition: str) -> None:
    world.make(GROUP)
    if not condition:
        with refused("condition_is_readable", "InvalidConditionVersion", "2.0"):
            world.give(CI, "Reader", condition=CONDITION)
        return
    with refused("condition_is_readable", "InvalidCondition", "not valid"):
        world.give(CI, "Reader", condition=condition, conditionVersion="2.0")


def test_a_role_that_is_not_there(world: World) -> None:
    world.make(GROUP)
    with refused("assigned_role_exists", "RoleDefinitionDoesNotExist", "'11111111-"):
        world.give(CI, "Reader", roleDefinitionId="/x/roleDefinitions/11111111-0000-0000-0000-000000000000")


def test_a_custom_role_grants_what_it_says(world: World) -> None:
    world.make(STORAGE)
    name = "22222222-0000-0000-0000-000000000000"
    definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{name}"
    permissions = [{"actions": ["Microsoft.Storage/*"], "notActions": ["Microsoft.Storage/storageAccounts/delete"]}]
    world.arm.put(OWNER, definition, {"properties": {"roleName": "Keeper", "permissions": permissions}})
    world.give(CI, "Reader", roleDefinitionId=definition)
    world.put(STORAGE, caller=CI)
    with refused("caller_needs_the_action", "AuthorizationFailed", "storageAccounts/delete"):
        world.arm.delete(CI, STORAGE)


def test_an_identity_that_the_directory_does_not_know_yet(world: World) -> None:
    world.make(IDENTITY)
    world.arm.replication = 2
    with refused("principal_is_in_the_directory", "PrincipalNotFound", "does not exist in the directory"):
        world.give(world.principal(), "Reader", principalType=None)
    world.give(world.principal(), "Reader")


def test_an_identity_is_not_a_user(world: World) -> None:
    world.make(IDENTITY)
    with refused("principal_type_is_right", "UnmatchedPrincipalType", "'ServicePrincipal'"):
        world.give(world.principal(), "Reader", principalType="User")


def test_the_same_assignment_under_another_name(world: World) -> None:
    world.make(GROUP)
    first = world.give(CI, "Reader")
    other = first["id"].replace(first["name"], "33333333-0000-0000-0000-000000000000")
    with refused("assignment_is_new", "RoleAssignmentExists", f"existing role assignment is {first['name']}"):
        world.arm.put(OWNER, other, {"properties": first["properties"]})


def test_an_old_assignment_under_the_same_name_stands_in_the_way(world: World) -> None:
    world.make(IDENTITY)
    old = world.give(world.principal(), "Reader")
    world.arm.delete(OWNER, IDENTITY)
    world.put(IDENTITY)
    renewed = old["properties"] | {"principalId": world.principal()}
    with refused("assignment_keeps_principal_and_role", "RoleAssignmentUpdateNotPermitted", "principal ID"):
        world.arm.put(OWNER, old["id"], {"properties": renewed})
    elsewhere = old["id"].replace(GROUP, SUB)
    with refused("assignment_keeps_principal_and_role", "RoleAssignmentUpdateNotPermitted", "scope"):
        world.arm.put(OWNER, elsewhere, {"properties": old["properties"]})


def test_assignments_go_with_their_scope(world: World) -> None:
    world.make(STORAGE)
    assignment = world.give(CI, "Reader", STORAGE)["id"]
    world.arm.delete(OWNER, STORAGE)
    assert assignment in world.arm.deletions


def test_rights_are_needed_on_what_a_request_refers_to(world: World) -> None:
    world.make(SUBNET)
    other = f"{SUB}/resourceGroups/theirs"
    world.arm.put(OWNER, other, HERE)
    world.give(CI, "Contributor", other)
    words = "'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s)"
    with refused("linked_rights_are_held", "LinkedAuthorizationFailed", words):
        world.put(ENDPOINT.replace("/rg/", "/theirs/"), like=ENDPOINT, caller=CI)
    identity = {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]}
    with refused("linked_rights_are_held", "LinkedAuthorizationFailed", "userAssignedIdentities/assign/action"):
        world.put(WORKSPACE.replace("/rg/", "/theirs/"), {"identity": identity}, like=WORKSPACE, caller=CI)


def test_credentials_of_one_identity_written_at_once(world: World) -> None:
    world.make(IDENTITY)
    both, codes = threading.Barrier(2), []
    inside = threading.Event()

    def sleep(_: float) -> None:
        inside.set()
        both.wait()

    world.arm.faults.sleep = sleep
    thread = threading.Thread(target=credential, args=(world.arm, "main"))
    thread.start()
    inside.wait()
    try:
        credential(world.arm, "pull-request")
    except Refusal as refusal:
        codes.append((refusal.rule, refusal.code))
    both.wait()
    thread.join()
    code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
    assert codes == [("credentials_are_written_one_by_one", code)]
    world.arm.faults.sleep = lambda _: None
    credential(world.arm, "pull-request")


def test_credentials_are_at_most_twenty_and_distinct(world: World) -> None:
    world.make(IDENTITY)
    world.arm.faults.sleep = lambda _: None
    credential(world.arm, "first")
    with refused("credentials_are_few_and_distinct", "IssuerSubjectCombinationAlreadyExists", "repo:a/b:first"):
        credential(world.arm, "again", subject="repo:a/b:first")
    for number in range(19):
        credential(world.arm, f"more-{number}")
    with refused("credentials_are_few_and_distinct", "FederatedIdentityCredentialsLimitReached", "at most 20"):
        credential(world.arm, "last")
