"""What is deleted by mistake can be had back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from policy.limits import Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, least, number, shown, table, whole

vault_recoverable = table(
    "vault-recoverable",
    "A vault can be had back after it was deleted.",
    {"keyvault:Vault": {"properties.enableSoftDelete": (True, None), "properties.enablePurgeProtection": True}},
    fix="Change it in infra/components/vault.py.",
)


@each(
    "Storage is kept in as many places as the environment asks for.",
    "storage:StorageAccount",
    fix="Set `storage.redundancy` in infra/Pulumi.{stack}.yaml.",
)
def storage_redundant(account: Resource, limits: Limits) -> Iterator[str]:
    sku = account.get("sku.name")
    if sku is not UNKNOWN and str(sku).partition("_")[2] not in limits.here.storage.redundancy:
        yield f"sku.name is {shown(sku)}; it must end in {' or '.join(limits.here.storage.redundancy)}."


@whole(
    "What is overwritten or deleted in storage can be had back.",
    fix="Set `storage.versions` and `storage.keep_deleted_days` in infra/Pulumi.{stack}.yaml.",
)
def storage_recoverable(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    wanted = limits.here.storage
    for account in resources:
        if account.kind != "storage:StorageAccount" or not (wanted.versions or wanted.keep_deleted_days):
            continue
        services = [each for each in resources if each.kind == "storage:BlobServiceProperties" and holds(account, each)]
        if not services:
            yield account, "it has no BlobServiceProperties, so nothing keeps what is deleted."
        for service in services:
            findings = list(differs(service, "isVersioningEnabled", True)) if wanted.versions else []
            for policy in (
                ("deleteRetentionPolicy", "containerDeleteRetentionPolicy") if wanted.keep_deleted_days else ()
            ):
                findings += differs(service, f"{policy}.enabled", True)
                findings += least(service, f"{policy}.days", wanted.keep_deleted_days)
            yield from ((service, finding) for finding in findings)


def holds(account: Resource, service: Resource) -> bool:
    """Whether a service belongs to an account, or may: not both names are known yet."""
    names = {account.get("accountName"), service.get("accountName")}
    return UNKNOWN in names or len(names) == 1


@each(
    "No lifecycle rule deletes earlier than deleted data is kept.",
    "storage:ManagementPolicy",
    fix="Set `storage.keep_deleted_days` in infra/Pulumi.{stack}.yaml, or correct infra/components/storage.py.",
)
def lifecycle_waits(lifecycle: Resource, limits: Limits) -> Iterator[str]:
    rules, wanted = lifecycle.get("policy.rules"), limits.here.storage.keep_deleted_days
    for rule in rules if wanted and rules is not UNKNOWN else ():
        for what, action in parts(dict(parts(dict(parts(rule)).get("definition"))).get("actions")):
            for when, days in parts(dict(parts(action)).get("delete")):
                if days is not UNKNOWN and not (number(days) and days >= wanted):
                    yield f"it deletes {what} where {when} is {shown(days)}; it must be at least {wanted}."


def parts(value: Any) -> Iterable[tuple[str, Any]]:
    """What is inside a value; nothing where it is absent or not known yet."""
    return () if value is None or value is UNKNOWN else value.items()


@each(
    "The workspace cannot be deleted by a change of the program where people rely on it.",
    "machinelearningservices:Workspace",
    fix="Give it `protect=True` in infra/components/workspace.py.",
)
def workspace_protected(workspace: Resource, limits: Limits) -> Iterator[str]:
    if limits.here.protect_workspace and not workspace.protect:
        yield "it is not protected; it must be."


RULES = (vault_recoverable, storage_redundant, storage_recoverable, lifecycle_waits, workspace_protected)
