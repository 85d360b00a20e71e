"""What a registry of Azure ML refuses: it takes copies of what workspaces have, once."""

from tests.emulator import access
from tests.emulator.ids import Id
from tests.emulator.rules.assets import SHARED
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule


@rule(*SHARED)
def shared_once(ask: Ask) -> None:
    """What a registry has under a name and version is not shared there again.

    Source: azure-ai-ml 1.35.2, which looks for the version before it shares one; code and message: assumed.
    """
    if ask.before is not None and ask.sent("sourceAssetId"):
        what = f"{ask.id.parent.name if ask.id.parent else ''}:{ask.id.name}"
        raise Refusal(
            409, "UserError", f"A {ask.id.type.split('/')[-2].rstrip('s')} {what} already exists in the registry."
        )


@rule(*SHARED)
def source_is_there(ask: Ask) -> None:
    """Who shares an asset may read it where it is from.

    Source: "Share models across workspaces with registries" (Microsoft Learn, from memory); code and message: assumed.
    """
    if source := ask.sent("sourceAssetId"):
        id = Id(source)
        if ask.arm.find(source) is None or not access.allows(ask.arm, ask.caller, id.action("read"), id):
            raise Refusal(404, "UserError", f"Could not find asset with assetId {source}")


@rule(*SHARED)
def storage_lets_the_registry_in(ask: Ask) -> None:
    """The storage of a workspace that is closed to the public lists the registry among its resource instances.

    Source: "Network isolation with Azure Machine Learning registries" (Microsoft Learn, from memory); message: assumed.
    """
    if not (source := ask.sent("sourceAssetId")):
        return
    workspace = ask.arm.find("/".join(source.split("/")[:9])) or {}
    account = ask.arm.find(dig(workspace, "properties.storageAccount", "")) or {}
    closed = dig(account, "properties.publicNetworkAccess") == "Disabled"
    closed |= dig(account, "properties.networkAcls.defaultAction") == "Deny"
    instances = dig(account, "properties.networkAcls.resourceAccessRules", [])
    registry = Id("/".join(ask.id.text.split("/")[:9]))
    if closed and registry.key not in {Id(each["resourceId"]).key for each in instances}:
        message = f"The registry {registry.name} is not authorized to read the storage of the workspace."
        raise Refusal(403, "UserError", message)
