"""Actions on a resource, and what stays of it after a deletion."""

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.emulator.ids import Id
from tests.emulator.rules.managed_network import active, isolation
from tests.emulator.rules.rule import Ask
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm

LOG_DAYS = 14
SOFT_DELETED = {
    "microsoft.keyvault/vaults",
    "microsoft.machinelearningservices/workspaces",
    "microsoft.operationalinsights/workspaces",
}


def answer(ask: Ask) -> Document:
    """What an action returns; some change the resource."""
    return ACTIONS.get((ask.id.kind, ask.action.lower()), lambda _: {})(ask)


def _provision(ask: Ask) -> Document:
    ask.arm.networks.setdefault(ask.id.key, ask.arm.clock.stamp())
    return {"status": "Inactive"}


def _purge(ask: Ask) -> Document:
    """Nothing is left of what was deleted: the name is free."""
    for key in [key for key in ask.arm.graves if Id("/" + key).name == ask.id.name.lower()]:
        if Id("/" + key).kind == ask.id.kind:
            del ask.arm.graves[key]
    return {}


ACTIONS: Mapping[tuple[str, str], Callable[[Ask], Document]] = {
    ("microsoft.keyvault/vaults", "purge"): _purge,
    ("microsoft.machinelearningservices/workspaces", "purge"): _purge,
    ("microsoft.machinelearningservices/workspaces", "provisionmanagednetwork"): _provision,
}


def seen(arm: "Arm", document: Document) -> Document:
    """A copy as it looks at this moment: the state of a managed network follows the clock."""
    shown = copy.deepcopy(document)
    network = (shown.get("properties") or {}).get("managedNetwork")
    if network and isolation(document) != "Disabled":
        network["status"] = {"status": "Active" if active(arm, document) else "Inactive", "sparkReady": False}
    return shown


def revive(ask: Ask) -> bool:
    """A log workspace under its old id comes back, and so does a vault that is recovered: the same life goes on."""
    recovered = (
        ask.id.kind == "microsoft.keyvault/vaults" and (ask.body.get("properties") or {}).get("createMode") == "recover"
    )
    buried = ask.arm.graves.pop(ask.id.key, None)
    if not buried or not (recovered or ask.id.kind == "microsoft.operationalinsights/workspaces"):
        return False
    return recovered or ask.arm.clock.since(buried["deleted"]) < LOG_DAYS * 24 * 60


def bury(arm: "Arm", id: Id, document: Document) -> None:
    """Keep what Azure keeps after a deletion."""
    if id.kind in SOFT_DELETED:
        arm.graves[id.key] = {"document": document, "deleted": arm.clock.stamp()}
