"""Identities that hold what infra/roles.py gives them in one environment, and no more; what an organisation has."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from mlops.platform.azure.names import Names
from tests.emulator.access import BUILT_IN
from tests.emulator.arm import OWNER, Arm
from tests.emulator.https.cloud import Cloud
from tests.emulator.store import TENANT
from tests.emulator.world import GROUP, HERE, INSIGHTS, REGISTRY, STORAGE, SUB, VAULT, WORKSPACE
from tests.mlops.platform.azure.conftest import LOG, exported
from tests.mlops.platform.azure.held import hold
from tests.support.azure_env import PROJECT

ORGANISATION = f"{SUB}/resourceGroups/rg-org"
SHARED = f"{ORGANISATION}/providers/Microsoft.MachineLearningServices/registries/mlr-agency"
STORE = f"{ORGANISATION}/providers/Microsoft.Storage/storageAccounts/stagency"
KEYS = f"{ORGANISATION}/providers/Microsoft.KeyVault/vaults/kv-agency"
SENSITIVE = LOG.replace("inference-log", "sensitive-log")
SCOPES: Mapping[str, str] = {
    "resource_group": GROUP,
    "storage": STORAGE,
    "inference_log": LOG,
    "sensitive_log": SENSITIVE,
    "log_key": f"{VAULT}/keys/log",
    "vault": VAULT,
    "images": REGISTRY,
    "insights": INSIGHTS,
    "workspace": WORKSPACE,
    "registry": SHARED,
    "ledger": f"{STORE}/blobServices/default/containers/ledger",
    "sign_key": f"{KEYS}/keys/sign",
}
"""Where the rights are that a project and its organisation have here, by the words of roles.py."""
PASSES_ON = "Role Based Access Control Administrator"
"""Given with a condition that only the organisation's program writes: tests/infra/test_rights.py."""


def _roles() -> ModuleType:
    sys.path.append(str(PROJECT / "infra"))
    try:
        return import_module("roles")
    finally:
        sys.path.remove(str(PROJECT / "infra"))


ROLES = _roles()


def rows(who: str, environment: str) -> list[tuple[str, str, str | None]]:
    """Role, scope and condition of each right at a scope that there is, but that to pass rights on."""
    rights = (each for each in ROLES.RIGHTS if each.who == who and environment in each.environments)
    return [(each.role, each.scope, each.limit) for each in rights if each.role != PASSES_ON and each.scope in SCOPES]


def give(arm: Arm, principal: str, who: str, environment: str) -> None:
    """Where there is nothing no right is given."""
    for role, scope, limit in rows(who, environment):
        if role in BUILT_IN and arm.find(SCOPES[scope]):
            arm.assign(principal, role, SCOPES[scope], limit)
        elif arm.find(SCOPES[scope]):
            hold(arm, principal, role, SCOPES[scope], limit)


def registry(arm: Arm) -> str:
    """The id of the organisation's registry of models, which may copy what dev has; it is made if need be."""
    if arm.find(SHARED) is None:
        arm.put(OWNER, ORGANISATION, HERE)
        made = arm.put(OWNER, SHARED, HERE | {"identity": {"type": "SystemAssigned"}})
        give(arm, made["identity"]["principalId"], "registry", "dev")
    return SHARED


def organisation(cloud: Cloud) -> Names:
    """Make all that an organisation has; what a stack exports that knows it."""
    registry(cloud.arm)
    for id, body in (
        (STORE, HERE | {"sku": {"name": "Standard_ZRS"}, "kind": "StorageV2", "properties": {}}),
        (SCOPES["ledger"], {"properties": {}}),
        (KEYS, HERE | {"properties": {"tenantId": TENANT, "enableRbacAuthorization": True}}),
        (SCOPES["sign_key"], {"properties": {"kty": "EC", "curveName": "P-256", "keyOps": ["sign", "verify"]}}),
    ):
        cloud.arm.put(OWNER, id, body)
    key = "https://kv-agency.vault.azure.net/keys/sign"
    return replace(exported(cloud), ledger_url="https://stagency.blob.core.windows.net/ledger", sign_key_id=key)
