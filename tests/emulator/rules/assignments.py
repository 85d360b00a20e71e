"""Role assignments, definitions and the rights that a request needs elsewhere than on its own resource."""

from collections.abc import Iterator

from tests.emulator import access, conditions
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import TENANT, Document

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
IDENTITY = "microsoft.managedidentity/userassignedidentities"


def identity(ask: Ask, principal: str) -> Document | None:
    """The user-assigned identity with this principal."""
    for document in ask.arm.store.documents.values():
        if Id(document["id"]).kind == IDENTITY and document["properties"]["principalId"] == principal:
            return document
    return None


@rule(ASSIGNMENTS)
def assigned_role_exists(ask: Ask) -> None:
    """The role definition is built in or there.

    Assumed: code and message from experience.
    """
    guid = str(ask.sent("roleDefinitionId", "")).rsplit("/", 1)[-1]
    if access.role(ask.arm, guid) is None:
        raise Refusal(
            404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
        )


@rule(ASSIGNMENTS)
def principal_is_in_the_directory(ask: Ask) -> None:
    """A new identity takes time to be found, unless the request says principalType ServicePrincipal.

    Source: "Troubleshoot Azure RBAC" (Microsoft Learn, 2023-09-20): PrincipalNotFound, replication delay.
    """
    principal = str(ask.sent("principalId", ""))
    found = identity(ask, principal)
    young = found and ask.arm.clock.since(found["systemData"]["createdAt"]) < ask.arm.replication
    if not principal or (young and ask.sent("principalType") != "ServicePrincipal"):
        message = f"Principal {principal.replace('-', '')} does not exist in the directory {TENANT}."
        hint = "Check that you have the correct principal ID. If you are creating this principal and then immediately"
        raise Refusal(400, "PrincipalNotFound", f"{message} {hint} assigning a role, set principalType.")


@rule(ASSIGNMENTS)
def principal_type_is_right(ask: Ask) -> None:
    """A managed identity is a ServicePrincipal, nothing else.

    Assumed: code and message from memory.
    """
    principal, kind = str(ask.sent("principalId", "")), ask.sent("principalType", "ServicePrincipal")
    if identity(ask, principal) and kind != "ServicePrincipal":
        message = f"The PrincipalId '{principal}' has type 'ServicePrincipal', which is different from specified"
        raise Refusal(400, "UnmatchedPrincipalType", f"{message} PrincipalType '{kind}'.")


@rule(ASSIGNMENTS)
def assignment_is_new(ask: Ask) -> None:
    """The same principal, role and scope cannot be assigned a second time under another name.

    Source: RoleAssignmentExists in public reports (2024 to 2026).
    """
    for other in ask.siblings():
        held = other["properties"]
        same_role = (
            held["roleDefinitionId"].rsplit("/", 1)[-1].lower()
            == ask.sent("roleDefinitionId").rsplit("/", 1)[-1].lower()
        )
        if same_role and held["principalId"].lower() == ask.sent("principalId").lower():
            message = f"The role assignment already exists. The ID of the existing role assignment is {other['name']}."
            raise Refusal(409, "RoleAssignmentExists", message)


@rule(ASSIGNMENTS)
def assignment_keeps_principal_and_role(ask: Ask) -> None:
    """An assignment's principal, role and scope are fixed, so that an old one under the same name stands in the way.

    Source: "Troubleshoot Azure RBAC" (Microsoft Learn, 2023-09-20): RoleAssignmentUpdateNotPermitted.
    """
    fixed = ("principalId", "roleDefinitionId")
    ids = (Id(document["id"]) for document in ask.arm.store.documents.values())
    elsewhere = any(
        i.kind == ask.id.kind and i.name.lower() == ask.id.name.lower() and i.key != ask.id.key for i in ids
    )
    changed = ask.before and any(
        ask.was(key, "").rsplit("/", 1)[-1] != ask.sent(key, "").rsplit("/", 1)[-1] for key in fixed
    )
    if elsewhere or changed:
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise Refusal(403, "RoleAssignmentUpdateNotPermitted", message)


@rule(ASSIGNMENTS)
def condition_is_readable(ask: Ask) -> None:
    """A condition has Azure's form and comes with version 2.0.

    Source: "Azure role assignment condition format and syntax" (Microsoft Learn, from memory); codes: assumed.
    """
    condition = ask.sent("condition")
    if not condition:
        return
    if ask.sent("conditionVersion") != "2.0":
        raise Refusal(400, "InvalidConditionVersion", "A role assignment condition needs conditionVersion '2.0'.")
    try:
        conditions.holds(condition, "", {}, {})
    except conditions.Malformed as error:
        raise Refusal(400, "InvalidCondition", f"The role assignment condition is not valid: {error}.") from None


@rule()
def linked_rights_are_held(ask: Ask) -> None:
    """The caller may use what the request refers to: assign identities, join subnets and DNS zones, approve endpoints.

    Source: LinkedAuthorizationFailed and its message in public reports; which rights, except join and assign:
    assumed.
    """
    for action, id in _links(ask):
        if not access.allows(ask.arm, ask.caller, action, Id(id)):
            message = f"The client '{ask.caller}' with object id '{ask.caller}' has permission to perform action"
            rest = f"'{ask.id.action('write')}' on scope '{ask.id}'; however, it does not have permission to perform"
            end = (
                f"action(s) '{action}' on the linked scope(s) '{id}' (respectively) or the linked scope(s) are invalid."
            )
            raise Refusal(403, "LinkedAuthorizationFailed", f"{message} {rest} {end}")


def _links(ask: Ask) -> Iterator[tuple[str, str]]:
    """What is referred to and was not before, with the action that this needs."""
    known = set(dig(ask.before or {}, "identity.userAssignedIdentities", {}))
    for id in (ask.body.get("identity") or {}).get("userAssignedIdentities") or ():
        if id not in known:
            yield "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", id
    if ask.before is not None:
        return
    if ask.id.kind == "microsoft.network/privateendpoints":
        if subnet := ask.sent("subnet.id"):
            yield "Microsoft.Network/virtualNetworks/subnets/join/action", subnet
        for connection in ask.sent("privateLinkServiceConnections", []):
            target = Id(dig(connection, "properties.privateLinkServiceId", ""))
            yield target.action("privateEndpointConnectionsApproval/action"), target.text
    for config in ask.sent("privateDnsZoneConfigs", []):
        yield "Microsoft.Network/privateDnsZones/join/action", dig(config, "properties.privateDnsZoneId", "")
    if ask.id.kind.endswith("/virtualnetworklinks"):
        yield "Microsoft.Network/virtualNetworks/join/action", ask.sent("virtualNetwork.id", "")
    if ask.id.kind == "microsoft.insights/diagnosticsettings" and ask.sent("workspaceId"):
        yield "Microsoft.OperationalInsights/workspaces/sharedKeys/action", ask.sent("workspaceId")


@rule("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
def credentials_are_written_one_by_one(ask: Ask) -> None:
    """Two federated credentials of one identity cannot be written at once.

    Source: "Configure a user-assigned managed identity to trust an external identity provider" (Microsoft Learn, from
    memory); code and message in public reports.
    """
    identity = ask.id.parent
    if identity and any(other.kind == ask.id.kind and other.within(identity.text) for other in ask.arm.under_way):
        code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
        message = (
            f"Too many Federated Identity Credentials are written concurrently for the managed identity '{identity}'."
        )
        hint = "Concurrent Federated Identity Credentials writes under the same managed identity are not supported."
        raise Refusal(409, code, f"{message} {hint}")


@rule("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
def credentials_are_few_and_distinct(ask: Ask) -> None:
    """At most 20 on one identity, each pair of issuer and subject once.

    Source: "Important considerations and restrictions for federated identity credentials" (Microsoft Learn, from
    memory). Codes: assumed.
    """
    others = list(ask.siblings())
    if len(others) >= 20:
        raise Refusal(
            400,
            "FederatedIdentityCredentialsLimitReached",
            "A managed identity can have at most 20 federated identity credentials.",
        )
    pair = ask.sent("issuer"), ask.sent("subject")
    if any((other["properties"].get("issuer"), other["properties"].get("subject")) == pair for other in others):
        message = f"Issuer and subject combination already exists for this Managed Identity: {pair[0]}, {pair[1]}."
        raise Refusal(409, "IssuerSubjectCombinationAlreadyExists", message)
