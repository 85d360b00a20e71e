"""Which rights were needed: those without which something that was done here would have been refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.emulator import access
from tests.emulator.arm import Arm
from tests.emulator.ids import Id
from tests.mlops.platform.azure.matrix import SCOPES, rows

Row = tuple[str, str, str]
"""Who, role and scope of a right."""


@dataclass
class Proof:
    """`needed` are ids of assignments."""

    arm: Arm
    needed: set[str] = field(default_factory=set)

    def allows(
        self, arm: Arm, principal: str, action: str, scope: Id, *, data: bool = False, **about: dict[str, Any] | None
    ) -> bool:
        """As the emulator answers, but it is kept which assignment it was, where there is only one."""
        request, resource = (about.get(name) or {} for name in ("request", "resource"))
        found = [each["id"] for each in access.granting(arm, principal, action, scope, data, request, resource)]
        self.needed |= {*found} if len(found) == 1 else set()
        return bool(found)

    def used(self, principal: str, who: str, environment: str) -> set[Row]:
        """The rights of one, held by a principal, that something needed."""
        given = [self.arm.store.documents[each]["properties"] for each in self.needed]
        held = {(self._named(it), it["scope"]) for it in given if it["principalId"] == principal}
        return {(who, role, scope) for role, scope, _ in rows(who, environment) if (role, SCOPES[scope]) in held}

    def _named(self, given: dict[str, Any]) -> str:
        """The name of an assignment's role."""
        guid = given["roleDefinitionId"].rpartition("/")[2]
        own = self.arm.find(given["roleDefinitionId"]) or {"properties": {"roleName": ""}}
        built_in = (name for name, role in access.BUILT_IN.items() if role["id"] == guid)
        return next(built_in, own["properties"]["roleName"])


@pytest.fixture
def proof(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proof]:
    """What is allowed from here on is kept."""
    proof = Proof(cloud.arm)
    monkeypatch.setattr(access, "allows", proof.allows)
    yield proof
