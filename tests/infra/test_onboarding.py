"""One entry in projects.yaml onboards a project, and its CI can do what the entry gave it and nothing else."""

from collections.abc import Iterator

import pytest
from role_definitions import BUILT_IN, CUSTOM
from roles import rights

from tests.emulator.access import allows
from tests.emulator.ids import Id
from tests.emulator.rules import Refusal
from tests.infra.onboarded import SHORT, Onboarded

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
PERSON = "00000000-0000-0000-0000-0000000000ee"
OTHER = {
    "short_name": "fraudcheck",
    "repository": "example-agency/fraud-check",
    "subject": "repo:example-agency@1000001/fraud-check@2000009",
}


def held(there: Onboarded, principal: str) -> Iterator[tuple[str, str]]:
    """The roles of a principal, by name, and the end of their scope."""
    names = {id: name for name, id in BUILT_IN.items()}
    for id in there.cloud.arm.store.documents:
        document = there.cloud.arm.store.documents[id]
        properties = document.get("properties", {})
        if "/roleassignments/" in id and properties.get("principalId") == principal:
            definition = properties["roleDefinitionId"].rsplit("/", 1)[1]
            custom = there.cloud.arm.find(f"{there.cloud.subscription}{ROLES}/{definition}")
            name = names.get(definition) or (custom or {})["properties"]["roleName"]
            yield name, document["id"].lower().partition("/providers/microsoft.authorization/")[0]


def assignment(there: Onboarded, caller: str, role: str, principal: str, kind: str, scope: str) -> None:
    """Give a role, as a request of its own."""
    definition = f"{there.cloud.subscription}{ROLES}/{BUILT_IN[role]}"
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-0000000000aa"
    body = {"roleDefinitionId": definition, "principalId": principal, "principalType": kind}
    there.cloud.arm.put(caller, id, {"properties": body})


def group(environment: str, there: Onboarded, short_name: str = SHORT) -> str:
    short = {"staging": "stg", "prod": "prd"}.get(environment, environment)
    return f"{there.cloud.subscription}/resourceGroups/rg-{short_name}-{short}"


def test_a_second_entry_makes_a_second_project_and_touches_nothing_else(onboarded: Onboarded) -> None:
    onboarded.entry("fraud-check", **OTHER)
    made = onboarded.organisation.up().ok()
    assert set(made.changes) == {"create"}
    assert all("fraud" in name for _, _, name in made.steps)
    assert onboarded.organisation.up().ok().changes == {}
    block = onboarded.blocks["fraud-check"]["prod"]
    assert block["organisation"]["resource_group"] == "rg-fraudcheck-prd"
    assert set(block["clients"]) == {"deploy", "reader", "operate"}


@pytest.mark.parametrize(
    ("environment", "who"),
    [("dev", "deploy"), ("staging", "reader"), ("prod", "deploy"), ("prod", "reader"), ("prod", "operate")],
)
def test_a_ci_identity_holds_the_roles_of_the_matrix_and_no_other(
    onboarded: Onboarded, environment: str, who: str
) -> None:
    elsewhere = {"subnet", "dns_zones", "log_workspace", "source", "source_data"}  # this project uses nothing of others
    wanted = [right for right in rights(environment, "organisation") if right.who == who]
    found = list(held(onboarded, onboarded.principal(environment, who)))
    assert sorted(role for role, _ in found) == sorted(right.role for right in wanted if right.scope not in elsewhere)
    assert {role for role, _ in found} <= {*BUILT_IN, *CUSTOM}
    own = ("/resourcegroups/rg-incomesupp-", "-incomesupp", "/registries/")
    assert all(any(part in scope for part in own) for _, scope in found), "nothing of the whole organisation"


def test_deploy_can_neither_climb_nor_leave_its_environment(onboarded: Onboarded) -> None:
    deploy, arm = onboarded.principal("dev", "deploy"), onboarded.cloud.arm
    here, there = group("dev", onboarded), group("prod", onboarded)
    itself = (onboarded, deploy)
    for role, principal, kind in (
        ("Contributor", deploy, "ServicePrincipal"),
        ("AcrPull", deploy, "ServicePrincipal"),
        ("AcrPull", PERSON, "User"),
        ("Role Based Access Control Administrator", deploy, "ServicePrincipal"),
    ):
        with pytest.raises(Refusal, match="an authorization with ABAC condition that is not fulfilled"):
            assignment(*itself, role, principal, kind, here)
    with pytest.raises(Refusal, match="does not have authorization"):
        assignment(*itself, "AcrPull", "10000000-0000-0000-0000-00000000000f", "ServicePrincipal", there)
    account = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    with pytest.raises(Refusal, match="does not have authorization"):
        arm.put(deploy, f"{there}/providers/Microsoft.Storage/storageAccounts/stintruder", account)
    with pytest.raises(Refusal, match="does not have authorization"):
        arm.put(deploy, f"{here}/providers/Microsoft.Authorization/locks/mine", {"properties": {"level": "ReadOnly"}})
    for kept in ("/containers/ledger-incomesupp", "/containers/state-incomesupp-prd"):
        with pytest.raises(Refusal, match="does not have authorization"):
            arm.delete(deploy, next(id for id in onboarded.cloud.ids() if id.endswith(kept)))
    arm.put(deploy, f"{here}/providers/Microsoft.Storage/storageAccounts/stitsown", account)


def test_the_reader_of_pull_requests_changes_nothing(onboarded: Onboarded) -> None:
    stack, reader = onboarded.begun("dev"), onboarded.principal("dev", "reader")
    before = onboarded.cloud.ids()
    refused = stack.up(caller=reader)
    assert refused.code != 0 and "AuthorizationFailed" in refused.text
    assert onboarded.cloud.ids() == before


def test_the_identities_of_ci_lie_where_no_project_can_touch_them(onboarded: Onboarded) -> None:
    """Who may write to an identity could let another repository act as it; who may use one, act as it itself."""
    deploy, operate, arm = (
        onboarded.principal("prod", "deploy"),
        onboarded.principal("prod", "operate"),
        onboarded.cloud.arm,
    )
    own = onboarded.cloud.document("/id-ci-incomesupp-prod-deploy")["id"]
    other = {"issuer": "https://issuer.example.org", "subject": "repo:evil/evil:ref:refs/heads/main"}
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        arm.put(deploy, f"{own}/federatedIdentityCredentials/mine", {"properties": {**other, "audiences": ["a"]}})
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        arm.delete(deploy, onboarded.cloud.document("/id-ci-incomesupp-prod-operate")["id"])
    for who in (deploy, operate):
        use = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        assert not allows(arm, who, use, Id(own))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_ci_writes_only_its_environments_pages_of_the_ledger(onboarded: Onboarded, environment: str) -> None:
    deploy, arm = onboarded.principal(environment, "deploy"), onboarded.cloud.arm
    ledger = Id(next(id for id in onboarded.cloud.ids() if id.endswith("/containers/ledger-incomesupp")))
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

    def may(action: str, path: str) -> bool:
        return allows(arm, deploy, f"{blobs}/{action}", ledger, data=True, resource={"path": path})

    other = {"dev": "prod", "prod": "dev"}[environment]
    assert may("add/action", f"{environment}/0042.json") and may("write", f"leases/{environment}")
    assert not may("write", f"{environment}/0042.json"), "what is written stays"
    assert not may("delete", f"{environment}/0042.json")
    assert not may("add/action", f"{other}/0042.json") and not may("write", f"leases/{other}")
