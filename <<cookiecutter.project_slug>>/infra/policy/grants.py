"""Who may do what: narrow roles, in narrow places, and no lock where it does harm."""

import re
from collections.abc import Iterator

from policy.limits import Limits
from policy.rule import UNKNOWN, Resource, differs, each, shown

GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/?", re.IGNORECASE)
IN_A_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+", re.IGNORECASE)
LOCKED = re.compile(
    r"(/providers/Microsoft\.(Storage/storageAccounts|KeyVault/vaults|OperationalInsights/workspaces)/[^/]+)$",
    re.IGNORECASE,
)
ASSIGNMENT = "authorization:RoleAssignment"


@each(
    "Only roles that somebody has looked at are given, and to identities of services only.",
    ASSIGNMENT,
    fix="Change the row in infra/roles.py, or have the role added to `roles` in infra/policy/limits.yml.",
)
def roles_are_listed(assignment: Resource, limits: Limits) -> Iterator[str]:
    role = assignment.get("roleDefinitionId")
    if role is not UNKNOWN and str(role).rstrip("/").rpartition("/")[2].lower() not in limits.all.roles.values():
        yield f"its role is {shown(role)}, which is not listed."
    yield from differs(assignment, "principalType", "ServicePrincipal")


@each("No right reaches beyond a resource group.", ASSIGNMENT, fix="Change the row in infra/roles.py.")
def rights_stay_in_the_group(assignment: Resource, limits: Limits) -> Iterator[str]:
    scope = assignment.get("scope")
    if scope is not UNKNOWN and not IN_A_GROUP.match(str(scope)):
        yield f"its scope is {shown(scope)}; it must be a resource group or something in one."


@each(
    "No role of one's own allows everything.",
    "authorization:RoleDefinition",
    fix="Name the actions in the role's definition.",
)
def roles_name_their_actions(definition: Resource, limits: Limits) -> Iterator[str]:
    permissions = definition.get("permissions")
    for permission in permissions if isinstance(permissions, list) else ():
        for kind in ("actions", "dataActions"):
            if isinstance(permission, dict) and "*" in (permission.get(kind) or ()):
                yield f"{kind} holds `*`; it must name what the role is for."


@each(
    "No lock lies on a resource group or a workspace, where it stops clusters scaling down.",
    "authorization:ManagementLockByScope",
    "authorization:ManagementLockAtResourceGroupLevel",
    "authorization:ManagementLockAtResourceLevel",
    "authorization:ManagementLockAtSubscriptionLevel",
    fix="Remove it; locks on storage, vault and logs are set by the organisation's program.",
)
def no_lock_in_the_way(lock: Resource, limits: Limits) -> Iterator[str]:
    where = lock.get("scope")
    if lock.kind.endswith("AtResourceLevel"):
        parts = [lock.get(part) for part in ("resourceProviderNamespace", "resourceType", "resourceName")]
        where = UNKNOWN if UNKNOWN in parts else "/providers/" + "/".join(map(str, parts))
    if where is not UNKNOWN and not LOCKED.search(where or ""):
        yield f"it locks {where or 'all in its group or subscription'}; only storage, vaults and logs may be locked."


RULES = (roles_are_listed, rights_stay_in_the_group, roles_name_their_actions, no_lock_in_the_way)
