"""Management locks, which a resource inherits from everything above it."""

from collections.abc import Iterator

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule

LOCKS = "microsoft.authorization/locks"


def locks(ask: Ask, *levels: str, below: bool = False) -> Iterator[str]:
    """Scopes of the locks that hold for this resource; with `below`, also of those on what lies in it."""
    for document in ask.arm.store.documents.values():
        id = Id(document["id"])
        if id.kind != LOCKS or id.parent is None or document["properties"].get("level") not in levels:
            continue
        if ask.id.within(id.parent.text) or (below and id.parent.within(ask.id.text)):
            yield id.parent.text


def locked(ask: Ask, verb: str, scopes: list[str]) -> Refusal:
    message = f"The scope '{ask.id}' cannot perform {verb} operation because following scope(s) are locked:"
    return Refusal(409, "ScopeLocked", f"{message} '{','.join(scopes)}'. Please remove the lock and try again.")


@rule(on="delete")
def lock_stops_deletion(ask: Ask) -> None:
    """Neither CanNotDelete nor ReadOnly lets the resource go, nor a group that holds a locked resource.

    Source: "Lock your resources to protect your infrastructure" (Microsoft Learn, 2024-03-08); code and message
    in public reports.
    """
    if ask.id.kind != LOCKS and (scopes := list(locks(ask, "CanNotDelete", "ReadOnly", below=True))):
        raise locked(ask, "delete", scopes)


@rule(on="put post")
def read_only_stops_writes(ask: Ask) -> None:
    """A ReadOnly lock refuses updates and actions, listing keys of a storage account too.

    Source: "Lock your resources to protect your infrastructure" (Microsoft Learn, 2024-03-08).
    """
    if ask.id.kind != LOCKS and (scopes := list(locks(ask, "ReadOnly"))):
        raise locked(ask, "write", scopes)


@rule("Microsoft.MachineLearningServices/workspaces/computes", on="post")
def lock_stops_scaling_down(ask: Ask) -> None:
    """A lock on the group or workspace keeps a cluster's nodes running: scaling down deletes virtual machines.

    Source: "Lock your resources to protect your infrastructure" (Microsoft Learn, 2024-03-08). Assumed: who sees
    the error.
    """
    if ask.action.lower() == "scaledown" and (scopes := list(locks(ask, "CanNotDelete", "ReadOnly"))):
        raise locked(ask, "delete", scopes)
