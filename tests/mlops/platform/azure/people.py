"""Others than a data scientist of dev: who they are, and what they may do where."""

import runpy
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.access import BUILT_IN
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import SUB
from tests.support.project import Project

AUTHORIZATION = "providers/Microsoft.Authorization"
AsPerson = Callable[..., Azure]


@pytest.fixture
def as_person(
    cloud: Cloud, names: Names, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsPerson:
    """The client of somebody new in an environment, who has these roles at these scopes."""

    def made(name: str, roles: Mapping[str, str], environment: str = "dev") -> Azure:
        person = cloud.directory.add(name)
        for role, scope in roles.items():
            if role in BUILT_IN:
                cloud.arm.assign(person.id, role, scope)
            else:
                give(cloud, person.id, role, scope, reference.path)
        for variable, value in cloud.environ(person, tmp_path).items():
            monkeypatch.setenv(variable, value)
        azure = Azure(names, environment)
        assert azure.credential, "from here on it acts as this person"
        return azure

    return made


def give(cloud: Cloud, principal: str, role: str, scope: str, project: Path) -> None:
    """Assign a role of the organisation's own, as the project's infrastructure defines it."""
    found = runpy.run_path(str(project / "infra" / "role_definitions.py"))["CUSTOM"][role]
    definition = f"{SUB}/{AUTHORIZATION}/roleDefinitions/{uuid.uuid5(uuid.NAMESPACE_URL, role)}"
    permissions = [{"actions": [*found.actions], "dataActions": [*found.data_actions]}]
    cloud.arm.put(OWNER, definition, {"properties": {"roleName": role, "permissions": permissions}})
    given = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
    name = uuid.uuid5(uuid.NAMESPACE_URL, principal + role + scope)
    cloud.arm.put(OWNER, f"{scope}/{AUTHORIZATION}/roleAssignments/{name}", {"properties": given})
