"""What CI's identities may do in emulated Azure, with the conditions that the organisation's program writes."""

import uuid
from dataclasses import dataclass, field

import delegation
import pytest
import roles
from organisation.rights import BLOBS, DELEGATES, condition
from role_definitions import BUILT_IN, CUSTOM

from tests.emulator.access import allows
from tests.emulator.arm import OWNER, Arm
from tests.emulator.conditions import holds
from tests.emulator.ids import Id
from tests.emulator.rules import Refusal
from tests.emulator.store import SUBSCRIPTION

SUB = f"/subscriptions/{SUBSCRIPTION}"
SHARED, DEV, PROD = (f"{SUB}/resourceGroups/rg-{name}" for name in ("shared", "dev", "prod"))
MI, ML = "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.MachineLearningServices"
STORE = f"{SHARED}/providers/Microsoft.Storage/storageAccounts/stlake"
PLACES = {
    "registry": f"{SHARED}/providers/{ML}/registries/mlr",
    "log_workspace": f"{SHARED}/providers/Microsoft.OperationalInsights/workspaces/central",
    "source": STORE,
    "source_data": f"{STORE}/blobServices/default/containers/ours",
}
HERE = {"location": "westeurope"}


@dataclass
class Platform:
    """A project's dev and prod with their CI identities, on what the organisation shares."""

    arm: Arm = field(default_factory=Arm)
    ci: dict[tuple[str, str], str] = field(default_factory=dict)

    def identity(self, caller: str, group: str, name: str) -> str:
        return self.arm.put(caller, f"{group}/providers/{MI}/{name}", HERE)["properties"]["principalId"]

    def there(self, id: str, **properties: object) -> None:
        self.arm.store.documents[id] = {"id": id, "name": id.rpartition("/")[2], **HERE, "properties": properties}

    def assignment(self, caller: str, role: str, principal: str, scope: str, **more: object) -> None:
        definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role_id(role)}"
        body = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal", **more}
        id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.arm.put(caller, id, {"properties": body})


def role_id(name: str) -> str:
    return BUILT_IN.get(name) or str(uuid.uuid5(uuid.NAMESPACE_URL, name))


@pytest.fixture
def platform() -> Platform:
    there = Platform()
    for group in (SHARED, DEV, PROD):
        there.arm.put(OWNER, group, HERE)
    for place in PLACES.values():
        there.there(place)
    for name, role in CUSTOM.items():
        permissions = [{"actions": list(role.actions), "dataActions": list(role.data_actions)}]
        there.there(f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role_id(name)}", permissions=permissions)
    for environment, who in (("dev", "deploy"), ("dev", "reader"), ("prod", "deploy"), ("prod", "operate")):
        there.ci[environment, who] = there.identity(OWNER, SHARED, f"id-ci-{environment}-{who}")
    for (environment, who), principal in there.ci.items():
        scopes = {**PLACES, "resource_group": {"dev": DEV, "prod": PROD}[environment]}
        for right in roles.rights(environment, "organisation"):
            if right.who == who and right.scope in scopes:
                limit = None
                if right.role == DELEGATES:
                    limit = delegation.condition(environment, right.scope, there.ci.values())
                more = {"condition": limit, "conditionVersion": "2.0"} if limit else {}
                there.assignment(OWNER, right.role, principal, scopes[right.scope], **more)
    return there


def test_no_identity_of_a_project_acts_as_another(platform: Platform) -> None:
    deploy, operate = f"{SHARED}/providers/{MI}/id-ci-prod-deploy", f"{SHARED}/providers/{MI}/id-ci-prod-operate"
    trust = {"issuer": "https://issuer", "subject": "repo:evil/evil:ref:refs/heads/x", "audiences": ["api"]}
    for identity in (deploy, operate):
        with pytest.raises(Refusal, match="does not have authorization"):
            platform.arm.put(
                platform.ci["prod", "deploy"], f"{identity}/federatedIdentityCredentials/x", {"properties": trust}
            )
    with pytest.raises(Refusal, match="does not have authorization"):
        platform.arm.delete(platform.ci["prod", "deploy"], operate)
    workspace = f"{PROD}/providers/{ML}/workspaces/mlw"
    platform.there(workspace, provisioningState="Succeeded")
    endpoint = {**HERE, "identity": {"type": "UserAssigned", "userAssignedIdentities": {deploy: {}}}}
    endpoint["properties"] = {"authMode": "AADToken"}
    with pytest.raises(Refusal, match="userAssignedIdentities/assign/action"):
        platform.arm.put(platform.ci["prod", "operate"], f"{workspace}/onlineEndpoints/mine", endpoint)


def test_deploy_gives_nothing_to_any_of_the_projects_ci_identities(platform: Platform) -> None:
    for principal in platform.ci.values():
        with pytest.raises(Refusal, match="ABAC condition that is not fulfilled"):
            platform.assignment(platform.ci["prod", "deploy"], "Storage Blob Data Contributor", principal, PROD)
    own = platform.identity(platform.ci["prod", "deploy"], PROD, "id-compute")
    platform.assignment(platform.ci["prod", "deploy"], "Storage Blob Data Contributor", own, PROD)


def test_a_source_is_read_in_its_container_only(platform: Platform) -> None:
    deploy = platform.ci["dev", "deploy"]
    own = platform.identity(deploy, DEV, "id-compute")
    with pytest.raises(Refusal, match="ABAC condition that is not fulfilled"):
        platform.assignment(deploy, "Storage Blob Data Reader", own, STORE)
    platform.assignment(deploy, "Storage Blob Data Reader", own, PLACES["source_data"])
    for container, may in (("ours", True), ("theirs", False)):
        scope = Id(f"{STORE}/blobServices/default/containers/{container}")
        assert allows(platform.arm, own, f"{BLOBS}/read", scope, data=True) is may


@pytest.mark.parametrize(
    ("place", "action", "may"),
    [
        ("registry", f"{ML}/registries/assets/write", True),
        ("registry", f"{ML}/registries/assets/delete", False),
        ("registry", f"{ML}/registries/delete", False),
        ("log_workspace", "Microsoft.OperationalInsights/workspaces/sharedKeys/action", True),
        ("log_workspace", "Microsoft.OperationalInsights/workspaces/query/read", True),
        ("log_workspace", "Microsoft.OperationalInsights/workspaces/write", False),
        ("log_workspace", "Microsoft.OperationalInsights/workspaces/delete", False),
        ("log_workspace", "Microsoft.OperationalInsights/workspaces/purge/action", False),
    ],
)
def test_deploy_of_dev_uses_what_is_shared_and_takes_nothing_away(
    platform: Platform, place: str, action: str, may: bool
) -> None:
    assert allows(platform.arm, platform.ci["dev", "deploy"], action, Id(PLACES[place])) is may


@pytest.mark.parametrize(
    ("action", "path", "may"),
    [
        ("write", "leases/dev", True),
        ("write", "leases/prod", False),
        ("write", "dev/0042.json", False),
        ("add/action", "leases/dev", True),
        ("add/action", "dev/0042.json", True),
        ("add/action", "leases/prod", False),
        ("add/action", "prod/0042-approval.json", False),
        ("add/action", "prod/dev/0042.json", False),
    ],
)
def test_ci_of_dev_writes_its_own_part_of_the_ledger(action: str, path: str, may: bool) -> None:
    (right,) = (each for each in roles.rights("dev", "organisation") if each.role == "MLOps Ledger Controller")
    limit = condition(right, "dev", [])
    assert isinstance(limit, str)
    assert holds(limit, f"{BLOBS}/{action}", {}, {"path": path}) is may


def test_signers_add_to_the_ledger_of_every_environment() -> None:
    rows = [each for each in roles.rights("prod", "organisation") if each.role == "MLOps Ledger Writer"]
    assert [(each.who, condition(each, "prod", [])) for each in rows] == [("signers", None)]


@pytest.mark.parametrize(
    ("container", "path", "may"),
    [
        ("azureml-blobstore-1", "mlops/models/0f/artifact/model.onnx", True),
        ("azureml-blobstore-1", "mlops/data/0f/rows.parquet", False),
        ("inference-log", "2026/11/23.jsonl", False),
        ("sensitive-log", "mlops/models/0f/made-up", False),
        ("azureml-blobstore-1", "", True),
        ("sensitive-log", "", False),
    ],
)
def test_who_looks_at_models_reads_these_and_lists_names(container: str, path: str, may: bool) -> None:
    rows = [each for each in roles.rights("prod", "organisation") if each.role == roles.MODEL_READER]
    assert len(rows) == 4
    for right in rows:
        limit = condition(right, "prod", [])
        assert isinstance(limit, str)
        assert holds(limit, f"{BLOBS}/read", {}, {"name": container, "path": path}) is may


def test_investigators_read_the_sensitive_log_and_nobody_else_does() -> None:
    container = {False: {"name": "inference-log"}, True: {"name": roles.SENSITIVE_LOG}}
    limits = {right.who: condition(right, "prod", []) for right in roles.RIGHTS if right.limit}
    assert {"deploy", "operate", "compute", "endpoint", "investigators"} <= set(limits)
    for who, limit in limits.items():
        assert isinstance(limit, str)
        for sensitive in (False, True):
            may = holds(limit, f"{BLOBS}/read", {}, container[sensitive])
            assert may is (sensitive == (who == "investigators")), who
