"""Who may do what: narrow roles, in narrow places, and no lock where it does harm."""

import re
from collections.abc import Iterator

from policy.limits import Limits
from policy.rule import UNKNOWN, Resource, each

BROAD = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}
"""Roles that a stack never assigns. Source: Azure built-in roles."""
GRANTS = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
"""Role Based Access Control Administrator."""
IN_A_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+", re.IGNORECASE)
LOCKED = re.compile(
    r"(/providers/Microsoft\.(Storage/storageAccounts|KeyVault/vaults|OperationalInsights/workspaces)/[^/]+)$",
    re.IGNORECASE,
)
ASSIGNMENT = "authorization:RoleAssignment"
FIX = "Change the row in infra/roles.py."


def role(assignment: Resource) -> str:
    """The id of the assigned role, empty where it is not known yet."""
    value = assignment.get("roleDefinitionId")
    return value.rpartition("/")[2].lower() if isinstance(value, str) else ""


@each("No broad role is given.", ASSIGNMENT, fix=FIX)
def no_broad_role(assignment: Resource, limits: Limits) -> Iterator[str]:
    if name := BROAD.get(role(assignment)):
        yield f"it gives {name}; it must be a role for the one thing that its holder does."


@each("Whoever may give rights may give only named ones.", ASSIGNMENT, fix=FIX)
def grants_are_limited(assignment: Resource, limits: Limits) -> Iterator[str]:
    condition = assignment.get("condition")
    if role(assignment) == GRANTS and condition is not UNKNOWN and "RoleDefinitionId" not in (condition or ""):
        yield "it gives Role Based Access Control Administrator without a condition that names the roles."


@each("No right reaches beyond a resource group.", ASSIGNMENT, fix=FIX)
def rights_stay_in_the_group(assignment: Resource, limits: Limits) -> Iterator[str]:
    scope = assignment.get("scope")
    if isinstance(scope, str) and not IN_A_GROUP.match(scope):
        yield f"its scope is {scope}; it must be a resource group or something in one."


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


RULES = (no_broad_role, grants_are_limited, rights_stay_in_the_group, roles_name_their_actions, no_lock_in_the_way)
