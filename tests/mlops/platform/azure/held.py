"""The organisation's own roles, given as its program gives them."""

import runpy
import uuid

from tests.emulator.arm import OWNER, Arm
from tests.emulator.store import SUBSCRIPTION
from tests.support.azure_env import PROJECT

CUSTOM = runpy.run_path(str(PROJECT / "infra" / "role_definitions.py"))["CUSTOM"]
AUTHORIZATION = "providers/Microsoft.Authorization"


def hold(arm: Arm, principal: str, role: str, scope: str, limit: str | None = None) -> None:
    """Give one of the roles that infra/role_definitions.py defines; `limit` is a condition."""
    subscription, guid = f"/subscriptions/{SUBSCRIPTION}", str(uuid.uuid5(uuid.NAMESPACE_URL, role))
    definition = f"{subscription}/{AUTHORIZATION}/roleDefinitions/{guid}"
    allowed = {"actions": list(CUSTOM[role].actions), "dataActions": list(CUSTOM[role].data_actions)}
    about = {"roleName": role, "assignableScopes": [subscription], "permissions": [allowed]}
    arm.put(OWNER, definition, {"properties": about})
    given = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
    given |= {"condition": limit, "conditionVersion": "2.0"} if limit else {}
    name = uuid.uuid5(uuid.NAMESPACE_URL, role + principal + scope)
    arm.put(OWNER, f"{scope}/{AUTHORIZATION}/roleAssignments/{name}", {"properties": given})
