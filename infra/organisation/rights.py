"""Role definitions and assignments, from the matrix in the project's `infra/roles.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import delegation
import pulumi
import roles
from names import guid
from pulumi import ResourceOptions
from pulumi_azure_native import authorization
from role_definitions import BUILT_IN, CUSTOM, Custom

from .types import Groups, Organisation, Project, plain

CRYPTO_OFFICER = {"Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"}
"""Of the platform group only, so not in the matrix (Azure built-in roles, Microsoft, 2026-04-09)."""
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
NONE = Custom("")
DELEGATES = "Role Based Access Control Administrator"


def role_id(organisation: Organisation, role: str) -> str:
    """The GUID of a role: Azure's own, or ours in this tenant."""
    return {**BUILT_IN, **CRYPTO_OFFICER}.get(role) or guid("role", organisation.tenant, role)


def definitions(organisation: Organisation, opts: ResourceOptions) -> dict[str, authorization.RoleDefinition]:
    """The roles of our own, which can be assigned in each of the organisation's subscriptions."""
    scopes = [f"/subscriptions/{each}" for each in sorted(set(organisation.subscriptions.model_dump().values()))]
    return {
        name: authorization.RoleDefinition(
            name.lower().replace(" ", "-"),
            role_name=name,
            role_definition_id=role_id(organisation, name),
            role_type="CustomRole",
            description=role.about,
            scope=f"/subscriptions/{organisation.subscriptions.organisation}",
            assignable_scopes=scopes,
            permissions=[
                {
                    "actions": list(role.actions),
                    "not_actions": [],
                    "data_actions": list(role.data_actions),
                    "not_data_actions": [],
                }
            ],
            opts=opts,
        )
        for name, role in CUSTOM.items()
    }


@dataclass(frozen=True)
class Principal:
    """Who gets a right: an identity or a group."""

    id: pulumi.Input[str]
    type: str = "ServicePrincipal"


def for_groups(projects: Iterable[Project]) -> dict[tuple[str, str], roles.Right]:
    """What each group may do in the registry, by group and role: it is all projects', so each right is given once."""
    found = {}
    for project in projects:
        groups = plain(project.groups)
        for right in _once(project):
            if right.scope == "registry" and right.who in groups:
                found.setdefault((groups[right.who], right.role), right)
    return found


def for_project(project: Project) -> list[roles.Right]:
    """What groups may do in the ledger: it is all environments', so each right is given once."""
    return [right for right in _once(project) if right.scope == "ledger"]


def _once(project: Project) -> list[roles.Right]:
    rows = (right for each in project.environments.present for right in roles.rights(each, "organisation"))
    return list({(right.who, right.role, right.scope): right for right in rows if once(right)}.values())


def for_environment(environment: str) -> list[roles.Right]:
    """Everything else that the matrix lets the organisation grant in one environment."""
    return [right for right in roles.rights(environment, "organisation") if not once(right)]


def once(right: roles.Right) -> bool:
    return right.scope in ("ledger", "registry") and right.who in Groups.model_fields


def assign(
    name: str,
    environment: str,
    rows: Iterable[roles.Right],
    organisation: Organisation,
    principals: Mapping[str, Principal],
    scopes: Mapping[str, Sequence[pulumi.Input[str]]],
    opts: ResourceOptions,
    never: Sequence[pulumi.Input[str]] = (),
) -> None:
    """Grant rows of the matrix; `never` are the identities to which nobody may pass a role on.

    A scope is a list, since a stack may use several resources of others, or none. Who is in two roles with one group
    gets each right once: Azure refuses a second assignment of the same.
    """
    given = set()
    for right in rows:
        principal, limit = principals[right.who], condition(right, environment, never)
        what = (principal.id if principal.type == "Group" else right.who, right.role, right.scope)
        for number, scope in enumerate([] if what in given else scopes[right.scope]):
            row = [name, right.who, right.role, right.scope, *([str(number)] if number else [])]
            grant("-".join(row), organisation, right.role, principal, scope, right.why, limit, opts)
        given.add(what)


def grant(
    name: str,
    organisation: Organisation,
    role: str,
    principal: Principal,
    scope: pulumi.Input[str],
    why: str,
    limit: pulumi.Input[str] | None,
    opts: ResourceOptions,
) -> authorization.RoleAssignment:
    """Give a role, with a condition or without."""
    name = name.lower().replace(" ", "-")
    subscription = f"/subscriptions/{organisation.subscriptions.organisation}"
    return authorization.RoleAssignment(
        name,
        role_assignment_name=guid(organisation.tenant, name),
        principal_id=principal.id,
        principal_type=principal.type,
        role_definition_id=f"{subscription}/providers/{DEFINITIONS}/{role_id(organisation, role)}",
        scope=scope,
        description=why,
        condition=limit,
        condition_version="2.0" if limit is not None else None,
        # An assignment cannot change hands, and its name is taken while it exists.
        opts=ResourceOptions.merge(opts, ResourceOptions(delete_before_replace=True)),
    )


def condition(right: roles.Right, environment: str, never: Sequence[pulumi.Input[str]]) -> pulumi.Input[str] | None:
    """What a right does not include although its role does."""
    if right.role == DELEGATES:
        return pulumi.Output.all(*never).apply(lambda ids: delegation.condition(environment, right.scope, ids))
    if right.scope == "ledger" and f"{BLOBS}/write" in CUSTOM.get(right.role, NONE).data_actions:
        return own_pages(environment)
    return right.limit


def own_pages(environment: str) -> str:
    """Write over the environment's lease and nothing else; add entries below the environment's name only.

    Source: Actions and attributes for Azure role assignment conditions for Azure Blob Storage (Microsoft, 2024-04-01).
    """
    path, writes, adds = f"@Resource[{BLOBS}:path]", f"{BLOBS}/write", f"{BLOBS}/add/action"
    lease = f"{path} StringEquals 'leases/{environment}'"
    entry = f"{path} StringLike '{environment}/*'"
    return f"(!(ActionMatches{{'{writes}'}}) OR {lease}) AND (!(ActionMatches{{'{adds}'}}) OR {lease} OR {entry})"
