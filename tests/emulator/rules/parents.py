"""What must be there first."""

from tests.emulator.ids import GROUP_TYPE, SUBSCRIPTION_TYPE, Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule

# Azure makes these with their parent, or with the first version of an asset.
IMPLIED = {f"microsoft.storage/storageaccounts/{kind}services" for kind in ("blob", "file", "queue", "table")} | {
    f"microsoft.machinelearningservices/workspaces/{kind}"
    for kind in ("managednetworks", "codes", "data", "environments", "components", "models")
}
IMPLIED |= {f"microsoft.machinelearningservices/registries/{kind}" for kind in ("environments", "models")}


def exists(ask: Ask, id: Id) -> bool:
    """Whether it is there, or made by Azure with a parent that is there."""
    if ask.arm.find(id.text) is not None:
        return True
    return id.kind in IMPLIED and id.parent is not None and ask.arm.find(id.parent.text) is not None


@rule(on="put get delete post")
def resource_group_exists(ask: Ask) -> None:
    """Nothing lives in a resource group that is not there.

    Source: "Resolve resource not found errors" (Microsoft Learn, from memory): ResourceGroupNotFound.
    """
    group = ask.id.group
    if group and group.key != ask.id.key and ask.arm.find(group.text) is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{group.name}' could not be found.")


@rule()
def parent_exists(ask: Ask) -> None:
    """A child or an extension needs its parent.

    Source: ParentResourceNotFound and its message in public reports (hashicorp/terraform-provider-azurerm).
    """
    parent = ask.id.parent
    if parent is None or parent.kind in (GROUP_TYPE.lower(), SUBSCRIPTION_TYPE.lower()) or exists(ask, parent):
        return
    message = "Can not perform requested operation on nested resource."
    raise Refusal(404, "ParentResourceNotFound", f"{message} Parent resource '{parent.name}' not found.")


@rule(on="get post")
def resource_exists(ask: Ask) -> None:
    """What is not there cannot be read or asked to act.

    Source: "Resolve resource not found errors" (Microsoft Learn, from memory): ResourceNotFound.
    """
    if ask.before is not None or ask.action.lower() == "purge":
        return
    if ask.id.kind == GROUP_TYPE.lower():
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{ask.id.name}' could not be found.")
    group = f" under resource group '{ask.id.group.name}'" if ask.id.group else ""
    message = f"The Resource '{ask.id.type}/{ask.id.name}'{group} was not found."
    raise Refusal(404, "ResourceNotFound", message)
