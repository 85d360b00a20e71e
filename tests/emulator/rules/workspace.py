"""The ML workspace, its computes and endpoints: what they refer to is there, and their identities hold their roles."""

import math
from pathlib import Path

import yaml

from tests.emulator import access
from tests.emulator.ids import Id
from tests.emulator.rules.managed_network import COMPUTE, DEPLOYMENT, WORKSPACE, workspace_of
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule

CORES: dict[str, int] = yaml.safe_load((Path(__file__).parent.parent / "sizes.yml").read_text(encoding="utf-8"))
OWN = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def deployment_cores(instances: int, size: str) -> int:
    """Quota that an online deployment needs: a fifth more instances than it runs.

    Source: "Manage and increase quotas" (Microsoft Learn, 2026-01-27), virtual machine quota for deployments: 20 %
    on top.
    """
    return math.ceil(round(1.2 * instances, 6)) * CORES[size]


def lacks(ask: Ask, principal: str, scope: str, action: str, *, data: bool = False) -> bool:
    return not access.allows(ask.arm, principal, action, Id(scope), data=data)


@rule(WORKSPACE)
def workspace_parts_exist(ask: Ask) -> None:
    """Storage, vault, insights and registry of a workspace are there.

    Assumed: code and message.
    """
    for key in OWN:
        id = ask.sent(key)
        if id and ask.arm.find(id) is None:
            raise Refusal(400, "ValidationError", f"The resource '{id}' given as {key} of the workspace was not found.")


@rule(WORKSPACE)
def workspace_parts_stay(ask: Ask) -> None:
    """Storage and vault of a workspace cannot be changed.

    Source: "What is an Azure Machine Learning workspace?", associated resources (Microsoft Learn, from memory);
    message: assumed.
    """
    for key in OWN[:2]:
        if ask.was(key) and ask.sent(key) and ask.was(key).lower() != ask.sent(key).lower():
            raise Refusal(
                400, "ValidationError", f"The {key} of a workspace cannot be changed: it is '{ask.was(key)}'."
            )


@rule(WORKSPACE)
def workspace_storage_fits(ask: Ask) -> None:
    """The default storage is general purpose and flat; with shared keys off the datastores go by identity.

    Source: "What is an Azure Machine Learning workspace?" and "Disable shared key access" (Microsoft Learn, from
    memory); messages: assumed.
    """
    account = ask.arm.find(ask.sent("storageAccount", "")) or {}
    if dig(account, "properties.isHnsEnabled") or dig(account, "sku.name", "").startswith("Premium"):
        message = "The default storage account of a workspace cannot be premium or have a hierarchical namespace."
        raise Refusal(400, "ValidationError", message)
    keys_off = account and dig(account, "properties.allowSharedKeyAccess") is False
    if keys_off and (ask.sent("systemDatastoresAuthMode") or "accessKey").lower() == "accesskey":
        message = "Key based authentication is not permitted on this storage account."
        hint = "Set systemDatastoresAuthMode to 'identity'."
        raise Refusal(403, "KeyBasedAuthenticationNotPermitted", f"{message} {hint}")


@rule(WORKSPACE)
def workspace_identity_holds_its_roles(ask: Ask) -> None:
    """A user-assigned identity gets nothing by itself: it administers the four parts, and without keys writes blobs.

    Source: "Set up authentication between Azure Machine Learning and other services" (Microsoft Learn, 2025-06-10):
    Contributor on each, Key Vault Administrator. Blobs, code and message: assumed.
    """
    primary = ask.sent("primaryUserAssignedIdentity")
    if not primary or "UserAssigned" not in dig(ask.body, "identity.type", ""):
        return
    principal = dig(ask.arm.find(primary) or {}, "properties.principalId", "")
    wanted = [(key, Id(ask.sent(key)).action("write"), False) for key in OWN if ask.sent(key)]
    wanted.append(("keyVault", "Microsoft.KeyVault/vaults/secrets/setSecret/action", True))
    account = ask.arm.find(ask.sent("storageAccount", "")) or {}
    if dig(account, "properties.allowSharedKeyAccess") is False:
        wanted.append(("storageAccount", f"{BLOBS}/write", True))
    for key, action, data in wanted:
        id = ask.sent(key)
        if id and lacks(ask, principal, id, action, data=data):
            message = f"The workspace's identity '{primary}' does not have authorization to perform action '{action}'"
            raise Refusal(403, "AuthorizationFailed", f"{message} over scope '{id}'. Give it a role there first.")


@rule(WORKSPACE)
def system_identity_is_not_missed(ask: Ask) -> None:
    """A workspace cannot go back from both kinds of identity to the system's alone.

    Source: "Set up authentication between Azure Machine Learning and other services" (Microsoft Learn, 2025-06-10);
    message: assumed.
    """
    old, new = (dig(document or {}, "identity.type", "") for document in (ask.before, ask.body))
    if "SystemAssigned" in old and "UserAssigned" in old and new == "SystemAssigned":
        raise Refusal(400, "ValidationError", f"The identity of a workspace cannot be changed from '{old}' to '{new}'.")


@rule(COMPUTE)
def cluster_fits_the_quota(ask: Ask) -> None:
    """Sizes are known, and all clusters at their most stay within the subscription's cores.

    Source: "Manage and increase quotas" (Microsoft Learn, 2026-01-27): dedicated and low-priority cores; at
    creation: assumed.
    """
    size, nodes = ask.sent("properties.vmSize"), ask.sent("properties.scaleSettings.maxNodeCount", 0)
    if not size:
        return
    known = {name.lower(): cores for name, cores in CORES.items()}
    if size.lower() not in known:
        raise Refusal(
            400, "InvalidPropertyValue", f"VM size '{size}' is not supported for Azure Machine Learning compute."
        )
    others = 0
    for document in ask.arm.store.documents.values():
        id = Id(document["id"])
        if id.kind == COMPUTE.lower() and id.key != ask.id.key:
            count = dig(document, "properties.properties.scaleSettings.maxNodeCount", 0)
            others += known.get(dig(document, "properties.properties.vmSize", "").lower(), 0) * int(count)
    wanted = others + known[size.lower()] * int(nodes)
    if wanted > ask.arm.cores:
        message = f"The subscription has {ask.arm.cores} cores for compute; with this cluster {wanted} are needed."
        raise Refusal(400, "ClusterCoreQuotaReached", message)


@rule(COMPUTE)
def compute_identity_exists(ask: Ask) -> None:
    """A cluster has the system's identity or identities of its own that are there, not both.

    Source: "Set up authentication between Azure Machine Learning and other services" (Microsoft Learn, 2025-06-10);
    code and message: assumed.
    """
    if {"SystemAssigned", "UserAssigned"} <= set(dig(ask.body, "identity.type", "").replace(" ", "").split(",")):
        raise Refusal(
            400, "InvalidIdentityType", "A cluster has a system-assigned or user-assigned identities, not both."
        )
    for id in (ask.body.get("identity") or {}).get("userAssignedIdentities") or ():
        if ask.arm.find(id) is None:
            raise Refusal(400, "InvalidUserAssignedIdentity", f"The user assigned identity '{id}' was not found.")


@rule(COMPUTE)
def compute_identity_holds_its_roles(ask: Ask) -> None:
    """A cluster's identity writes blobs of the default storage where keys are off.

    Source: "Set up authentication between Azure Machine Learning and other services" (2025-06-10). Assumed: Azure
    finds out only when a job starts; here it is refused at once.
    """
    account = dig(workspace_of(ask), "properties.storageAccount", "")
    if dig(ask.arm.find(account) or {}, "properties.allowSharedKeyAccess") is not False:
        return
    for id in (ask.body.get("identity") or {}).get("userAssignedIdentities") or ():
        principal = dig(ask.arm.find(id) or {}, "properties.principalId", "")
        if lacks(ask, principal, account, f"{BLOBS}/write", data=True):
            message = f"The compute's identity '{id}' cannot write blobs of '{account}':"
            raise Refusal(403, "AuthorizationFailed", f"{message} give it Storage Blob Data Contributor.")


@rule(DEPLOYMENT)
def endpoint_identity_holds_its_roles(ask: Ask) -> None:
    """A user-assigned identity of an endpoint reads the storage and pulls images before a deployment is created.

    Source: "Troubleshoot online endpoint deployment", authorization error (Microsoft Learn, from memory); message:
    assumed.
    """
    endpoint = (ask.arm.find(ask.id.parent.text) if ask.id.parent else None) or {}
    parts = dig(workspace_of(ask), "properties", {})
    for id in dig(endpoint, "identity.userAssignedIdentities", {}):
        principal = dig(ask.arm.find(id) or {}, "properties.principalId", "")
        registry = parts.get("containerRegistry") or ""
        for scope, action, data in (
            (parts.get("storageAccount") or "", f"{BLOBS}/read", True),
            (registry, "Microsoft.ContainerRegistry/registries/pull/read", False),
        ):
            if scope and lacks(ask, principal, scope, action, data=data):
                message = f"The endpoint's identity '{id}' has no permission for {action} on '{scope}'."
                raise Refusal(400, "BadArgument", message)


@rule(f"{WORKSPACE}/onlineEndpoints")
def endpoint_identity_stays(ask: Ask) -> None:
    """An endpoint's identity cannot be changed.

    Source: "Access Azure resources from an online endpoint" (Microsoft Learn, from memory): immutable; message:
    assumed.
    """
    old, new = (dig(d or {}, "identity.userAssignedIdentities", {}) for d in (ask.before, ask.body))
    if ask.before and {id.lower() for id in old} != {id.lower() for id in new}:
        raise Refusal(400, "BadArgument", "The identity of an online endpoint cannot be changed: delete and create it.")


@rule(DEPLOYMENT)
def deployment_fits_the_quota(ask: Ask) -> None:
    """All deployments of the subscription, each with a fifth more instances, stay within the cores.

    Source: "Manage and increase quotas" (20 % on top) and "Troubleshoot online endpoint deployment" (OutOfQuota),
    Microsoft Learn.
    """
    wanted = 0
    for document in [*ask.siblings(), ask.body]:
        size, count = dig(document, "properties.instanceType"), dig(document, "sku.capacity", 1)
        wanted += deployment_cores(int(count), size) if size in CORES else 0
    if wanted > ask.arm.cores:
        message = f"Not enough quota: {wanted} cores are needed, the subscription has {ask.arm.cores}."
        raise Refusal(400, "OutOfQuota", message)
