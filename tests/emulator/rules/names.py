"""Names that are unique in all of Azure, and names that a deletion leaves blocked."""

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.requests import TYPES, region
from tests.emulator.rules.rule import Ask, rule
from tests.emulator.store import Document

VAULT = "Microsoft.KeyVault/vaults"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
LOGS = "Microsoft.OperationalInsights/workspaces"
TAKEN = {
    "microsoft.storage/storageaccounts": (
        "StorageAccountAlreadyTaken",
        "The storage account named {} is already taken.",
    ),
    "microsoft.keyvault/vaults": (
        "VaultAlreadyExists",
        "The vault name '{}' is already in use. Vault names are globally unique so it is possible that the name is "
        "already taken.",
    ),
    "microsoft.containerregistry/registries": (
        "AlreadyInUse",
        "The registry DNS name {}.azurecr.io is already in use. You can check if the name is already claimed.",
    ),
}


def grave(ask: Ask, kept_days: float) -> Document | None:
    """What was soft-deleted under this name and is still kept: vaults by name, others by id."""
    for key, buried in ask.arm.graves.items():
        id = Id("/" + key)
        same = id.name == ask.id.name.lower() if ask.id.kind == VAULT.lower() else key == ask.id.key
        if id.kind == ask.id.kind and same and ask.arm.clock.since(buried["deleted"]) < kept_days * 24 * 60:
            return buried["document"]
    return None


@rule(*TAKEN)
def name_is_free(ask: Ask) -> None:
    """Names of storage accounts, vaults and registries are unique in all of Azure.

    Source: "Naming rules and restrictions for Azure resources" (Microsoft Learn, 2020), scope global; messages:
    assumed.
    """
    assert TYPES[ask.id.kind]["global"]
    others = (Id(document["id"]) for document in ask.arm.store.documents.values())
    here = any(o.kind == ask.id.kind and o.name.lower() == ask.id.name.lower() and o.key != ask.id.key for o in others)
    if here or (ask.before is None and ask.id.name.lower() in ask.arm.taken):
        code, message = TAKEN[ask.id.kind]
        raise Refusal(409, code, message.format(ask.id.name))


@rule(VAULT)
def deleted_vault_keeps_its_name(ask: Ask) -> None:
    """A soft-deleted vault blocks its name until it is purged, recovered, or its days are over.

    Source: "Azure Key Vault soft-delete overview" (Microsoft Learn, 2022-01-25); code and message from public
    reports.
    """
    old = grave(ask, 90)
    days = (old or {}).get("properties", {}).get("softDeleteRetentionInDays", 90)
    if ask.before is None and grave(ask, days) and ask.sent("createMode") != "recover":
        message = "A vault with the same name already exists in deleted state. You need to either recover or purge"
        raise Refusal(409, "ConflictError", f"{message} existing key vault.")


@rule(WORKSPACE)
def deleted_workspace_keeps_its_name(ask: Ask) -> None:
    """A soft-deleted ML workspace blocks its name for 14 days.

    Source: "Recover workspace data while soft deleted" (Microsoft Learn, from memory): 14 days. Message: public
    reports.
    """
    if ask.before is None and grave(ask, 14):
        message = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
        raise Refusal(400, "BadRequest", message)


@rule(LOGS)
def deleted_log_workspace_comes_back_in_its_region(ask: Ask) -> None:
    """For 14 days the same id in the same region brings the old log workspace back; another region is refused.

    Source: "Delete and recover a Log Analytics workspace" (Microsoft Learn, from memory); code: assumed.
    """
    old = grave(ask, 14) if ask.before is None else None
    if old and region(old["location"]) != region(ask.body["location"]):
        message = (
            f"Workspace '{ask.id.name}' is soft-deleted in '{old['location']}': recover it there, or take another name."
        )
        raise Refusal(409, "Conflict", message)


@rule(VAULT, on="post")
def protected_vault_is_not_purged(ask: Ask) -> None:
    """Purge protection keeps a deleted vault until its days are over.

    Source: "Azure Key Vault soft-delete overview", purge protection (Microsoft Learn, 2022-01-25); message:
    assumed.
    """
    old = grave(ask, 90)
    if ask.action.lower() == "purge" and old and old["properties"].get("enablePurgeProtection"):
        raise Refusal(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
