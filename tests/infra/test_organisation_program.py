"""What the organisation's program makes of one entry."""

from collections import Counter
from pathlib import Path

import pytest
import roles
from delegation import delegable
from organisation import onboarded
from organisation.types import ENVIRONMENTS, identities
from role_definitions import BUILT_IN

from mlops.errors import Misuse
from tests.infra import registered
from tests.infra.projects import CONNECTION, DEVOPS, FILE, OURS, PROVIDERS, SLUG, in_prod, write
from tests.infra.registered import Monitor, Registered

APART = "00000000-0000-0000-0000-000000000777"
SUBNET = f"{PROVIDERS.format('net')}Network/virtualNetworks/v/subnets/a"
ACCOUNT = f"{PROVIDERS.format('lake')}Storage/storageAccounts/stlake"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/ours"


@pytest.fixture(scope="module")
def made() -> Monitor:
    return registered.run(FILE)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Nothing locked, prod in a subscription of its own, which uses what others own, and one group for three."""
    uses = f"{{subnet: [{SUBNET}], source: [{ACCOUNT}], source_data: [{CONTAINER}]}}"
    changes = [
        ("locked: true", "locked: false"),
        ("  prod: 00000000-0000-0000-0000-000000000102", f"  prod: {APART}"),
        *((f"0000000{group}", "0000000124") for group in (121, 122, 123)),
        in_prod(f"existing: {uses}"),
    ]
    return registered.run(write(tmp_path_factory.mktemp("other"), *changes))


def of(monitor: Monitor, kind: str, part: str = "") -> list[Registered]:
    return [each for each in monitor.found if each.type.endswith(f":{kind}") and part in each.name]


def granted(monitor: Monitor) -> Counter[tuple[str, ...]]:
    """How often each right is given: Azure takes it once."""
    keys = ("principalId", "roleDefinitionId", "scope")
    return Counter(tuple(each.inputs[key] for key in keys) for each in of(monitor, "RoleAssignment"))


def test_nothing_opens_with_a_key_and_nothing_is_anonymous(made: Monitor) -> None:
    (store,) = of(made, "StorageAccount")
    assert store.inputs["allowSharedKeyAccess"] is False
    assert store.inputs["allowBlobPublicAccess"] is False
    (vault,) = of(made, "Vault")
    assert vault.inputs["properties"]["enableRbacAuthorization"] is True
    assert vault.inputs["properties"]["enablePurgeProtection"] is True


def test_each_environment_has_state_and_keys_of_its_own_and_the_project_one_ledger(made: Monitor) -> None:
    assert {each.inputs["containerName"] for each in of(made, "BlobContainer")} == {
        "organisation",
        "ledger-incomesupp",
        *(f"state-incomesupp-{environment}" for environment in ("dev", "stg", "prd")),
    }
    keys = {each.inputs["keyName"]: each.inputs["properties"]["kty"] for each in of(made, "Key")}
    assert {name for name, kind in keys.items() if kind == "EC"} == {
        f"sign-incomesupp-{environment}" for environment in ("dev", "stg", "prd")
    }
    (blobs,) = of(made, "BlobServiceProperties")
    assert blobs.inputs["isVersioningEnabled"] is True


def test_what_holds_data_is_protected_and_kept(made: Monitor) -> None:
    held = ("ResourceGroup", "StorageAccount", "BlobContainer", "Vault", "Key", "Registry")
    for kind in held:
        assert of(made, kind)
        assert all(each.protected and each.retained for each in of(made, kind)), kind
    assert not any(each.protected for each in made.found if each.type.split(":")[-1] not in held)


def test_locks_are_never_on_a_group_or_workspace_of_ml(made: Monitor, other: Monitor) -> None:
    assert sorted(each.inputs["scope"].split("/")[1] for each in of(made, "ManagementLockByScope")) == [
        "StorageAccount",
        "Vault",
        "Workspace",
    ]
    assert "operationalinsights" in next(each.type for each in of(made, "Workspace"))
    assert not of(other, "ManagementLockByScope")


def test_credentials_are_written_one_after_another(made: Monitor) -> None:
    for environment, number in {"dev": 3, "staging": 3, "prod": 4}.items():
        chain = of(made, "FederatedIdentityCredential", f"-{environment}-")
        assert len(chain) == number <= 20
        waits = [sum("FederatedIdentityCredential" in urn for urn in each.after) for each in chain]
        assert sorted(waits) == [0] + [1] * (number - 1)


def test_a_job_of_github_is_named_with_the_repositorys_ids(made: Monitor) -> None:
    subjects = {each.name: each.inputs["subject"] for each in of(made, "FederatedIdentityCredential", "prod")}
    assert subjects == {
        "incomesupp-prod-deploy": f"{OURS}:environment:prod",
        "incomesupp-prod-reader": f"{OURS}:pull_request",
        "incomesupp-prod-reader-nightly": f"{OURS}:ref:refs/heads/main",
        "incomesupp-prod-operate": f"{OURS}:environment:prod-operate",
    }


def test_azure_devops_takes_two_steps(tmp_path: Path) -> None:
    begun = registered.run(write(tmp_path, *DEVOPS, in_prod(f"subjects: {{deploy: {CONNECTION}}}")))
    assert len(of(begun, "UserAssignedIdentity")) == 7
    (credential,) = of(begun, "FederatedIdentityCredential")
    assert credential.name == "incomesupp-prod-deploy" and credential.inputs["subject"] == CONNECTION
    assert credential.inputs["issuer"].startswith("https://login.microsoftonline.com/")
    page = onboarded.page(begun.outputs["projects"], SLUG, "dev")
    assert "\nAZURE_CLIENT_ID_DEPLOY_DEV=client-incomesupp-dev-deploy\n" in page
    assert "Nobody can act as deploy, reader yet" in page
    assert "Nobody can act as reader, operate yet" in onboarded.page(begun.outputs["projects"], SLUG, "prod")


def test_the_matrix_is_assigned_and_nothing_is_given_twice(made: Monitor) -> None:
    assert max(granted(made).values()) == 1
    elsewhere = ("subnet", "dns_zones", "log_workspace", "source", "source_data")
    whys = {
        right.why
        for environment in ENVIRONMENTS
        for right in roles.rights(environment, "organisation")
        if right.scope not in elsewhere
    }
    of_all_projects = [each for each in of(made, "RoleAssignment", "-reader-registry") if SLUG not in each.name]
    given = [*of(made, "RoleAssignment", SLUG), *of_all_projects]
    assert {each.inputs["description"] for each in given} == whys


def test_one_group_may_be_several(other: Monitor) -> None:
    assert max(granted(other).values()) == 1


def test_what_a_stack_uses_of_others_is_granted_where_it_lies(other: Monitor) -> None:
    found = of(other, "RoleAssignment", f"{SLUG}-prod-deploy-mlops-network-user")
    assert [each.inputs["scope"] for each in found] == [SUBNET]


def test_deploy_gives_one_role_on_a_source_and_another_in_its_container(other: Monitor) -> None:
    found = of(other, "RoleAssignment", f"{SLUG}-prod-deploy-role-based")
    limits = {each.inputs["scope"]: each.inputs["condition"] for each in found}
    reads, approves = "Storage Blob Data Reader", "Azure AI Enterprise Network Connection Approver"
    assert BUILT_IN[reads] in limits[CONTAINER] and BUILT_IN[approves] not in limits[CONTAINER]
    assert BUILT_IN[approves] in limits[ACCOUNT] and BUILT_IN[reads] not in limits[ACCOUNT]


def test_the_deploy_identity_cannot_grant_more_than_its_stack_needs(made: Monitor) -> None:
    (right,) = of(made, "RoleAssignment", f"{SLUG}-prod-deploy-role-based-access-control-administrator-resource_group")
    condition = right.inputs["condition"]
    assert right.inputs["conditionVersion"] == "2.0"
    for role in delegable("prod"):
        assert condition.count(role) == 2
    for role in ("Contributor", "Role Based Access Control Administrator"):
        assert BUILT_IN[role] not in condition
    for environment in ENVIRONMENTS:
        for who in identities(environment):
            assert condition.count(f"principal-incomesupp-{environment}-{who}") == 2
    assert len(condition) < 8000, "Azure's limit is 8 KB"


def test_ci_identities_lie_in_the_organisations_group_and_subscription(other: Monitor) -> None:
    found = [*of(other, "UserAssignedIdentity"), *of(other, "FederatedIdentityCredential")]
    assert len(found) == 17
    assert {each.inputs["resourceGroupName"] for each in found} == {"organisation"}
    assert not any(APART in each.provider for each in found)


def test_entries_of_the_ledger_can_be_added_and_not_changed(made: Monitor) -> None:
    for each in of(made, "RoleAssignment", "-ledger"):
        writes = "ledger-controller" in each.name
        assert ("'leases/" in str(each.inputs.get("condition"))) == writes, each.name
    (prod,) = of(made, "RoleAssignment", f"{SLUG}-prod-operate-mlops-ledger-controller")
    assert "StringLike 'prod/*'" in prod.inputs["condition"]
    written = {
        each.inputs["roleName"]: each.inputs["permissions"][0]["dataActions"] for each in of(made, "RoleDefinition")
    }
    assert not any(action.endswith("/delete") for actions in written.values() for action in actions)


def test_nobody_in_ci_may_write_locks(made: Monitor) -> None:
    for each in of(made, "RoleDefinition"):
        assert not any("locks" in action or action == "*" for action in each.inputs["permissions"][0]["actions"])
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    assert not any(each.inputs["roleDefinitionId"].endswith(owner) for each in of(made, "RoleAssignment"))


def test_a_budget_starts_on_the_first_and_stays_there(made: Monitor) -> None:
    (budget,) = of(made, "Budget", "prod")
    assert budget.inputs["amount"] == 400
    assert budget.inputs["timePeriod"]["startDate"].endswith("-01T00:00:00Z")
    assert budget.ignored == ("timePeriod",)


def test_each_environment_lands_in_its_subscription(other: Monitor) -> None:
    assert {APART in each.provider for each in of(other, "ResourceGroup", "incomesupp-prod")} == {True}
    assert not any(APART in each.provider for each in [*of(other, "BlobContainer"), *of(other, "ResourceGroup", "dev")])
    assert f"subscription: {APART}" in onboarded.page(other.outputs["projects"], SLUG, "prod")


def test_a_projects_block_is_printed_as_it_goes_into_its_stack_file(made: Monitor) -> None:
    page = onboarded.page(made.outputs["projects"], SLUG, "prod")
    assert "config:\n  income-support-triage:organisation:\n    " in page
    assert "secretsprovider: azurekeyvault://kv-example-mlops-" in page
    assert "\nAZURE_CLIENT_ID_OPERATE_PROD=client-incomesupp-prod-operate\n" in page
    assert "environments already, for jobs of the protected branch only: prod, prod-operate." in page
    with pytest.raises(Misuse, match="did you mean `income-support-triage`"):
        onboarded.page(made.outputs["projects"], "income-support-triag", "prod")


def test_forgetting_a_project_finds_what_is_protected_of_it_alone() -> None:
    project = "urn:pulumi:main::o::organisation:index:Project::{}"
    state = [
        {"urn": project.format("one"), "type": "organisation:index:Project"},
        {"urn": project.format("two"), "type": "organisation:index:Project"},
        {"urn": "a", "type": "x", "parent": project.format("one"), "protect": True, "id": "/a"},
        {"urn": "b", "type": "x", "parent": project.format("two"), "protect": True, "id": "/b"},
        {"urn": "c", "type": "x", "parent": project.format("one"), "id": "/c"},
    ]
    found = onboarded.protected(state, "one")
    assert [each["urn"] for each in found] == ["a"]
    assert "Nothing was deleted" in onboarded.kept(found)
    assert "/b" not in onboarded.kept(found)
