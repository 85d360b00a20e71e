"""Azure's role-based access control: which principal may do what where. Assignments are documents like any other."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.emulator import conditions
from tests.emulator.ids import Id
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm

ASSIGNMENTS, DEFINITIONS = "microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions"
BUILT_IN: Mapping[str, Document] = yaml.safe_load(Path(__file__).with_name("roles.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Policy:
    """Denies what `forbids` says of a resource's body, as an assignment of Azure Policy does."""

    name: str
    type: str
    forbids: Callable[[Document], bool]


def role(arm: "Arm", reference: str) -> Document | None:
    """The definition that an id ends on, built-in or custom: its actions, and dataActions, without the not-ones."""
    guid = reference.rsplit("/", 1)[-1].lower()
    for definition in BUILT_IN.values():
        if definition["id"] == guid:
            return definition
    for document in arm.store.documents.values():
        id = Id(document["id"])
        if id.kind == DEFINITIONS and id.name.lower() == guid:
            return document["properties"]["permissions"][0]
    return None


def assignments(arm: "Arm", principal: str, scope: Id) -> Iterator[Document]:
    """Those of the principal at `scope` or above that are effective by now."""
    for document in list(arm.store.documents.values()):
        id = Id(document["id"])
        if id.kind != ASSIGNMENTS or id.parent is None or not scope.within(id.parent.text):
            continue
        held = document["properties"]["principalId"].lower() == principal.lower()
        if held and arm.clock.since(document["properties"]["createdOn"]) >= arm.propagation:
            yield document


def grants(arm: "Arm", assignment: Document, action: str, *, data: bool = False) -> bool:
    """Whether the role covers the action, conditions aside."""
    definition = role(arm, assignment["properties"]["roleDefinitionId"]) or {}
    some, none = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return _covers(definition.get(some), action) and not _covers(definition.get(none), action)


def allows(
    arm: "Arm",
    principal: str,
    action: str,
    scope: Id,
    *,
    data: bool = False,
    request: Document | None = None,
    resource: Document | None = None,
) -> bool:
    """Whether one of the principal's roles grants the action and its condition, if it has one, holds."""
    return any(granting(arm, principal, action, scope, data, request or {}, resource or {}))


def granting(
    arm: "Arm", principal: str, action: str, scope: Id, data: bool, request: Document, resource: Document
) -> Iterator[Document]:
    """The assignments that let the principal act."""
    for assignment in assignments(arm, principal, scope):
        condition = assignment["properties"].get("condition")
        if grants(arm, assignment, action, data=data) and (
            not condition or conditions.holds(condition, action, request, resource)
        ):
            yield assignment


def assign(arm: "Arm", principal: str, name: str, scope: str, condition: str | None) -> str:
    """Put the assignment of a built-in role straight into the store."""
    guid = BUILT_IN[name]["id"]
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid5(uuid.UUID(guid), principal + scope)}"
    definitions = f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definitions}/{guid}",
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "scope": scope,
        "createdOn": arm.clock.stamp(),
        "condition": condition,
        "conditionVersion": "2.0" if condition else None,
    }
    arm.store.documents[id] = {"id": id, "name": id.rsplit("/", 1)[1], "properties": properties}
    return id


def _covers(patterns: list[str] | None, action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns or ())


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*"), re.IGNORECASE)
