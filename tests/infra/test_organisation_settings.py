"""The organisation's program: what it refuses in words, and what it makes of one entry."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[2]
sys.path += [str(TEMPLATE / "infra"), str(TEMPLATE / "<<cookiecutter.project_slug>>" / "infra")]

import roles  # noqa: E402
from organisation import onboarded, settings  # noqa: E402
from organisation.names import Names  # noqa: E402
from organisation.settings import Misuse  # noqa: E402

from tests.infra import registered  # noqa: E402
from tests.infra.registered import Monitor, Registered  # noqa: E402

SHIPPED = (TEMPLATE / "infra" / "projects.yaml").read_text("utf-8")
SLUG = "income-support-triage"
GITHUB = "    subject: repo:example-agency@1000001/income-support-triage@2000002\n"
OURS = GITHUB.split(": ")[1].strip()
CONNECTION = "/eid1/c/pub/t/tenant/a/app/sc/organisation/connection"


@pytest.fixture(scope="module")
def made() -> Monitor:
    return registered.run(TEMPLATE / "infra" / "projects.yaml")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Monitor]:
    """Run the program on the shipped file with some texts replaced."""

    def changed(*changes: tuple[str, str]) -> Monitor:
        return registered.run(write(tmp_path, *changes))

    return changed


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "projects.yaml"
    file.write_text(text, "utf-8")
    return file


def of(monitor: Monitor, kind: str, part: str = "") -> list[Registered]:
    return [each for each in monitor.found if each.type.endswith(f":{kind}") and part in each.name]


def granted(monitor: Monitor) -> Counter[tuple[str, ...]]:
    """How often each right is given: Azure takes it once."""
    keys = ("principalId", "roleDefinitionId", "scope")
    return Counter(tuple(each.inputs[key] for key in keys) for each in of(monitor, "RoleAssignment", SLUG))


def second(slug: str = "second") -> str:
    """Another entry, of its own in every respect."""
    entry = SHIPPED.partition(f"  {SLUG}:")[2]
    entry = entry.replace("incomesupp", "second").replace(SLUG, slug).replace("@2000002", "@2000003")
    return f"  {slug}:{entry}"


REFUSED = {
    "unknown key": (
        ("    cost_centre:", "    cost_center:"),
        ":33: `projects.income-support-triage.cost_center` is not a setting: did you mean `cost_centre`?",
    ),
    "region": (("westeurope", "west-europe"), ":12: `region`: west-europe is no Azure region"),
    "guid": (("000000000121", "00000000012X"), "`projects.income-support-triage.groups.data_scientists` cannot be"),
    "budget": (("monthly_budget: 400", "monthly_budget: 0"), ".monthly_budget` must be over 0, not 0"),
    "no e-mail": (("owner@example.org", "owner"), "`projects.income-support-triage.owner`: write an e-mail address"),
    "short name": (("short_name: incomesupp ", "short_name: incomesupport "), ".short_name` cannot be 'incomesupport'"),
    "slug": ((f"  {SLUG}:\n", "  Income Support:\n"), ":27: `projects.Income Support`: write its slug"),
    "other repository": (("repo:example-agency@1000001/income", "repo:other/income"), "is of another repository than"),
    "subject of DevOps": (("ci: github-actions", "ci: azure-devops"), "`subject` is GitHub's; Azure DevOps has one"),
    "lock on a group": (
        (
            "        monthly_budget: 400",
            "        monthly_budget: 400\n        locked: [/subscriptions/a/resourceGroups/b]",
        ),
        "a lock on a group or an ML workspace stops clusters from scaling down",
    ),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_entry_is_refused_in_words(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(Misuse) as refused:
        settings.load(write(tmp_path, change))
    assert said in str(refused.value)
    assert "projects.yaml:" in str(refused.value)


def test_all_mistakes_are_said_at_once_at_their_lines(tmp_path: Path) -> None:
    file = write(tmp_path, ("westeurope", "nowhere"), ("monthly_budget: 400", "monthly_budget: -1"))
    file.write_text(file.read_text() + second().replace("short_name: second", "short_name: incomesupp"))
    with pytest.raises(Misuse) as refused:
        settings.load(file)
    assert "`region`" in str(refused.value)
    assert "monthly_budget` must be over 0" in str(refused.value)
    assert f"`projects.second.short_name` is that of {SLUG} too" in str(refused.value)


@pytest.mark.parametrize("key", ["short_name", "repository", "subject"])
def test_two_projects_share_nothing_that_names_them(tmp_path: Path, key: str) -> None:
    first = settings.load(write(tmp_path)).projects[SLUG]
    own = settings.load(write(tmp_path, (f"  {SLUG}:" + SHIPPED.partition(f"  {SLUG}:")[2], second()))).projects[
        "second"
    ]
    file = tmp_path / "projects.yaml"
    file.write_text(SHIPPED + second().replace(f"{key}: {getattr(own, key)}", f"{key}: {getattr(first, key)}"))
    with pytest.raises(Misuse, match=f"`projects.second.{key}` is that of {SLUG} too"):
        settings.load(file)


def test_a_subject_opens_one_identity_only(tmp_path: Path) -> None:
    subjects = f"\n        subjects: {{deploy: {CONNECTION}, reader: {CONNECTION}}}"
    devops = (("ci: github-actions", "ci: azure-devops"), (GITHUB, ""))
    with pytest.raises(Misuse, match="this subject opens income-support-triage, prod, deploy already"):
        settings.load(write(tmp_path, ("monthly_budget: 400", f"monthly_budget: 400{subjects}"), *devops))


@pytest.mark.parametrize(
    ("who", "subject"),
    [
        ("deploy", "repo:anybody/else:pull_request"),
        ("deploy", f"{OURS}:pull_request"),
        ("deploy", f"{OURS}:environment:dev"),
        ("reader", f"{OURS}:environment:prod"),
        ("operate", f"{OURS}-other:environment:prod-operate"),
    ],
)
def test_a_subject_of_github_is_of_the_projects_own_job(tmp_path: Path, who: str, subject: str) -> None:
    given = f"monthly_budget: 400\n        subjects: {{{who}: '{subject}'}}"
    with pytest.raises(Misuse, match=f":46: this subject opens {SLUG}, prod, {who} to another job. Leave it out, or: "):
        settings.load(write(tmp_path, ("monthly_budget: 400", given)))


def test_a_subject_that_github_would_write_may_be_given(tmp_path: Path) -> None:
    given = (
        f"monthly_budget: 400\n        subjects: {{deploy: '{OURS}:environment:prod', reader: '{OURS}:pull_request'}}"
    )
    settings.load(write(tmp_path, ("monthly_budget: 400", given)))


def test_a_subject_that_is_made_opens_no_second_identity(tmp_path: Path) -> None:
    file = write(tmp_path)
    subjects = f"monthly_budget: 400\n        subjects: {{reader: '{OURS}:environment:prod'}}"
    entry = second().replace("ci: github-actions", "ci: azure-devops").replace("monthly_budget: 400", subjects)
    entry = "".join(line for line in entry.splitlines(keepends=True) if not line.startswith("    subject: "))
    file.write_text(SHIPPED + entry)
    with pytest.raises(Misuse, match=f"this subject opens {SLUG}, prod, deploy already"):
        settings.load(file)


PROVIDERS = "/subscriptions/00000000-0000-0000-0000-000000000102/resourceGroups/{}/providers/Microsoft."
BAD_IDS = {
    "subnet": ("theirs", "Storage/storageAccounts/stx", "is no id of Microsoft.Network/virtualNetworks/subnets"),
    "dns_zones": ("theirs", "Network/dnsZones/a.example.org", "is no id of Microsoft.Network/privateDnsZones"),
    "log_workspace": ("theirs", "KeyVault/vaults/x", "is no id of Microsoft.OperationalInsights/workspaces"),
    "source": (
        "theirs",
        "Storage/storageAccounts/stx/blobServices/default/containers/lake",
        "is no id of Microsoft.Storage/storageAccounts",
    ),
    "source_data": ("theirs", "Storage/storageAccounts/stx", "storageAccounts/blobServices/containers"),
    "source ": ("RG-Example-mlops", "Storage/storageAccounts/stx", "this is the organisation's own"),
}


@pytest.mark.parametrize("kind", BAD_IDS)
def test_what_exists_is_of_its_kind_and_not_the_organisations_own(tmp_path: Path, kind: str) -> None:
    group, rest, said = BAD_IDS[kind]
    existing = f"monthly_budget: 400\n        existing: {{{kind.strip()}: [{PROVIDERS.format(group)}{rest}]}}"
    with pytest.raises(Misuse, match=f"projects.yaml:46: .*{said}"):
        settings.load(write(tmp_path, ("monthly_budget: 400", existing)))


def test_the_examples_ids_are_named_before_anything_is_made() -> None:
    left = settings.unfilled(TEMPLATE / "infra" / "projects.yaml")
    assert len(left) == 11
    assert all("is still the example's" in sentence for sentence in left)


def test_names_fit_azure_with_the_longest_name(tmp_path: Path) -> None:
    names = Names(settings.load(write(tmp_path, ("name: example ", "name: abcdefghij "))))
    assert len(names.storage) <= 24
    assert len(names.vault) <= 24
    assert len(names.registry) <= 33


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


def test_locks_are_never_on_a_group_or_workspace_of_ml(run, made: Monitor) -> None:
    assert sorted(each.inputs["scope"].split("/")[1] for each in of(made, "ManagementLockByScope")) == [
        "StorageAccount",
        "Vault",
        "Workspace",
    ]
    assert "operationalinsights" in next(each.type for each in of(made, "Workspace"))
    assert not of(run(("locked: true", "locked: false")), "ManagementLockByScope")


def test_credentials_are_written_one_after_another(made: Monitor) -> None:
    for environment, number in {"dev": 2, "staging": 2, "prod": 3}.items():
        chain = of(made, "FederatedIdentityCredential", f"-{environment}-")
        assert len(chain) == number <= 20
        waits = [sum("FederatedIdentityCredential" in urn for urn in each.after) for each in chain]
        assert sorted(waits) == [0] + [1] * (number - 1)


def test_a_job_of_github_is_named_with_the_repositorys_ids(made: Monitor) -> None:
    prefix = "repo:example-agency@1000001/income-support-triage@2000002"
    subjects = {each.name: each.inputs["subject"] for each in of(made, "FederatedIdentityCredential", "prod")}
    assert subjects == {
        "incomesupp-prod-deploy": f"{prefix}:environment:prod",
        "incomesupp-prod-reader": f"{prefix}:pull_request",
        "incomesupp-prod-operate": f"{prefix}:environment:prod-operate",
    }


def test_azure_devops_takes_two_steps(run) -> None:
    devops = (("ci: github-actions", "ci: azure-devops"), (GITHUB, ""))
    first = run(*devops)
    assert len(of(first, "UserAssignedIdentity")) == 7
    assert not of(first, "FederatedIdentityCredential")
    page = onboarded.page(first.outputs["projects"], SLUG, "dev")
    assert "AZURE_CLIENT_ID_DEPLOY=client-incomesupp-dev-deploy" in page
    assert "Nobody can act as deploy, reader yet" in page

    subject = ("monthly_budget: 400", f"monthly_budget: 400\n        subjects: {{deploy: {CONNECTION}}}")
    (credential,) = of(run(*devops, subject), "FederatedIdentityCredential")
    assert credential.inputs["subject"] == CONNECTION
    assert credential.inputs["issuer"].startswith("https://login.microsoftonline.com/")


def test_the_matrix_is_assigned_and_nothing_is_given_twice(made: Monitor) -> None:
    assert max(granted(made).values()) == 1
    elsewhere = ("subnet", "dns_zones", "log_workspace", "source", "source_data")
    whys = {
        right.why
        for environment in settings.ENVIRONMENTS
        for right in roles.rights(environment, "organisation")
        if right.scope not in elsewhere
    }
    assert {each.inputs["description"] for each in of(made, "RoleAssignment", SLUG)} == whys


def test_one_group_may_be_several(run) -> None:
    one = run(("0000000121", "0000000124"), ("0000000122", "0000000124"), ("0000000123", "0000000124"))
    assert max(granted(one).values()) == 1


def test_what_a_stack_uses_of_others_is_granted_where_it_lies(run) -> None:
    subnet = f"{PROVIDERS.format('net')}Network/virtualNetworks/v/subnets/a"
    existing = f"monthly_budget: 400\n        existing: {{subnet: [{subnet}]}}"
    found = of(run(("monthly_budget: 400", existing)), "RoleAssignment", f"{SLUG}-prod-deploy-mlops-network-user")
    assert [each.inputs["scope"] for each in found] == [subnet]


def test_deploy_gives_one_role_on_a_source_and_another_in_its_container(run) -> None:
    account = f"{PROVIDERS.format('lake')}Storage/storageAccounts/stlake"
    container = f"{account}/blobServices/default/containers/ours"
    existing = f"monthly_budget: 400\n        existing: {{source: [{account}], source_data: [{container}]}}"
    found = of(run(("monthly_budget: 400", existing)), "RoleAssignment", f"{SLUG}-prod-deploy-role-based")
    limits = {each.inputs["scope"]: each.inputs["condition"] for each in found}
    reads, approves = "Storage Blob Data Reader", "Azure AI Enterprise Network Connection Approver"
    assert roles.BUILT_IN[reads] in limits[container] and roles.BUILT_IN[approves] not in limits[container]
    assert roles.BUILT_IN[approves] in limits[account] and roles.BUILT_IN[reads] not in limits[account]


def test_the_deploy_identity_cannot_grant_more_than_its_stack_needs(made: Monitor) -> None:
    (right,) = of(made, "RoleAssignment", f"{SLUG}-prod-deploy-role-based-access-control-administrator-resource_group")
    condition = right.inputs["condition"]
    assert right.inputs["conditionVersion"] == "2.0"
    for role in roles.delegable("prod"):
        assert condition.count(role) == 2
    for role in ("Contributor", "Role Based Access Control Administrator"):
        assert roles.BUILT_IN[role] not in condition
    for environment in settings.ENVIRONMENTS:
        for who in settings.identities(environment):
            assert condition.count(f"principal-incomesupp-{environment}-{who}") == 2
    assert len(condition) < 8000, "Azure's limit is 8 KB"


def test_ci_identities_lie_in_the_organisations_group_and_subscription(run) -> None:
    other = "00000000-0000-0000-0000-000000000777"
    apart = run(("  prod: 00000000-0000-0000-0000-000000000102", f"  prod: {other}"))
    found = [*of(apart, "UserAssignedIdentity"), *of(apart, "FederatedIdentityCredential")]
    assert len(found) == 14
    assert {each.inputs["resourceGroupName"] for each in found} == {"organisation"}
    assert not any(other in each.provider for each in found)


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


def test_each_environment_lands_in_its_subscription(run) -> None:
    other = "00000000-0000-0000-0000-000000000777"
    apart = run(("  prod: 00000000-0000-0000-0000-000000000102", f"  prod: {other}"))
    assert {other in each.provider for each in of(apart, "ResourceGroup", "incomesupp-prod")} == {True}
    assert not any(other in each.provider for each in [*of(apart, "BlobContainer"), *of(apart, "ResourceGroup", "dev")])
    assert f"subscription: {other}" in onboarded.page(apart.outputs["projects"], SLUG, "prod")


def test_a_projects_block_is_printed_as_it_goes_into_its_stack_file(made: Monitor) -> None:
    page = onboarded.page(made.outputs["projects"], SLUG, "prod")
    assert "config:\n  income-support-triage:organisation:\n    " in page
    assert "secretsprovider: azurekeyvault://kv-example-mlops-" in page
    assert "AZURE_CLIENT_ID_OPERATE=client-incomesupp-prod-operate" in page
    assert "environments already, with deployment branches only main: prod, prod-operate." in page
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
