"""The identities of a stack have the roles of the matrix, and have them before they need them."""

import dataclasses
from collections import Counter
from collections.abc import Mapping

import pytest
from record import Recorded
from roles import WITHIN, rights
from seen import STACKS, Seen, assignments, of, one, who


@pytest.mark.parametrize("stack", STACKS)
def test_roles_are_those_of_the_matrix_and_no_more(recorded: Mapping[str, Recorded], stack: str) -> None:
    resources = recorded[stack].resources
    given = {each.get("roleDefinitionId").rpartition("/")[2] for each in assignments(resources)}
    rows = [right for right in rights(stack, "stack") if right.scope in WITHIN]
    assert Counter(granted(resources)) == Counter((right.who, right.role_id) for right in rows)
    assert given == {right.role_id for right in rows}


def granted(resources: Seen) -> list[tuple[str, str]]:
    """Who is given which role, from the assignments themselves."""
    return [(who(resources, each), each.get("roleDefinitionId").rpartition("/")[2]) for each in assignments(resources)]


def early(found: Recorded, kind: str, identity: str) -> bool:
    """Whether what acts as an identity waits for each of its roles but those at the workspace itself."""
    workspace = one(found.resources, "machinelearningservices:Workspace")
    theirs = [each for each in assignments(found.resources) if who(found.resources, each) == identity]
    roles = {each.urn for each in theirs if not each.of("scope", workspace)}
    assert roles
    return all(roles <= found.after[each.urn] for each in of(found.resources, kind))


USERS = {"machinelearningservices:Workspace": "workspace", "machinelearningservices:Compute": "compute"}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("kind", "identity"), USERS.items())
def test_roles_are_there_before_who_needs_them(
    recorded: Mapping[str, Recorded], stack: str, kind: str, identity: str
) -> None:
    found = recorded[stack]
    assert early(found, kind, identity)
    assert not early(dataclasses.replace(found, after=dict.fromkeys(found.after, frozenset())), kind, identity)
