"""`make repo-setup` on GitHub, with a `gh` that speaks to a service which refuses and drops what the real one does."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulator.ci.repository import SUBJECT, GitHubRepository
from tests.emulator.ci.server import served
from tests.infra import gh
from tests.infra.administered import PASTED, Administered, administered


@pytest.fixture
def repository(once: Callable[..., Path], tmp_path: Path) -> Iterator[Administered[GitHubRepository]]:
    with served(GitHubRepository()) as github:
        yield administered(once, "github-actions", tmp_path, github, gh=gh)


def test_what_would_be_done_is_said_done_and_read_back(repository: Administered[GitHubRepository]) -> None:
    github = repository.at
    repository.paste(PASTED)
    (repository.folder / ".mlops" / "env").mkdir()
    (repository.folder / ".mlops" / "env" / "dev.json").write_text('{"workspace": "mlw"}')
    github.variables = {f"OTHER_{number}": "x" for number in range(40)} | {"AZURE_TENANT_ID": "old"}
    github.policies = {"dev": {7: "main", 8: "feature/*"}}
    custom = {"protected_branches": False, "custom_branch_policies": True}
    github.environments = {"dev": {"protection_rules": [], "deployment_branch_policy": custom}}

    planned = repository.setup()
    assert planned.returncode == 0 and "Nothing was changed. To do it: make repo-setup YES=1" in planned.stdout
    assert repository.writes == []
    assert "environment prod: jobs wait until ada or grace approves, and not whoever started them" in planned.stdout
    assert "environment prod-operate: nobody is asked" in planned.stdout
    assert "environment dev: none of feature/*" in planned.stdout
    assert "variable AZURE_TENANT_ID: t, no longer old" in planned.stdout
    assert "Not there yet: " in planned.stdout and "AZURE_CLIENT_ID_OPERATE_PROD" in planned.stdout

    done = repository.ok()
    assert "prod is behind approval, as GitHub says it too: ada, grace." in done
    assert f"then trusted as {SUBJECT}:environment:prod-operate" in done
    [rule] = github.environments["prod"]["protection_rules"]
    assert rule["prevent_self_review"] and [each["reviewer"]["id"] for each in rule["reviewers"]] == [11, 12]
    assert all(not each["protection_rules"] for name, each in github.environments.items() if name != "prod")
    assert [*github.environments] == ["dev", "staging", "prod", "prod-operate"]
    assert {name: [*branches.values()] for name, branches in github.policies.items()} == dict.fromkeys(
        github.environments, ["main"]
    )
    assert github.variables["MLOPS_ENV_DEV"] == '{"workspace": "mlw"}' and github.variables["AZURE_TENANT_ID"] == "t"
    protection = github.protection or {}
    assert protection["enforce_admins"] == {"enabled": True} and protection["allow_force_pushes"] == {"enabled": False}
    assert protection["required_pull_request_reviews"]["require_code_owner_reviews"]
    assert protection["required_status_checks"]["checks"] == [{"context": "check", "app_id": 15368}]
    repository.unchanged()


def test_stricter_rules_of_the_branch_stay(repository: Administered[GitHubRepository]) -> None:
    github = repository.at
    repository.ok()
    protection, scan = github.protection or {}, {"context": "scan", "app_id": None}
    who = {"users": [{"id": 1, "login": "ada"}], "teams": [{"id": 2, "slug": "leads"}], "apps": []}
    reviews = protection["required_pull_request_reviews"]
    reviews |= {"required_approving_review_count": 2, "dismissal_restrictions": {"url": "/", **who}}
    protection["required_status_checks"]["checks"].append(scan)
    protection |= {"restrictions": {"url": "/", **who}, "required_linear_history": {"enabled": True}}
    repository.unchanged()

    reviews |= {"required_approving_review_count": 0}
    protection["required_status_checks"]["checks"][0]["app_id"] = None
    protection["allow_force_pushes"] = {"enabled": True}
    repository.ok()
    assert len(repository.writes) == 1
    kept = github.protection or {}
    assert kept is not protection and kept["allow_force_pushes"] == {"enabled": False}
    assert kept["required_pull_request_reviews"]["required_approving_review_count"] == 1
    assert kept["required_pull_request_reviews"]["dismissal_restrictions"]["teams"][0]["slug"] == "leads"
    assert kept["required_status_checks"]["checks"] == [scan, {"context": "check", "app_id": 15368}]
    assert kept["restrictions"]["users"][0]["login"] == "ada"
    assert kept["required_linear_history"] == {"enabled": True}


@pytest.mark.parametrize(
    ("plan", "drops", "bypass", "said"),
    [
        ("team", False, False, r"GitHub refuses PUT .* billing plan supports the required reviewers"),
        ("team", True, False, "prod is NOT behind approval: GitHub does not keep the rule"),
        ("enterprise", False, True, "prod is NOT behind approval: GitHub does not keep the rule"),
    ],
    ids=["refused", "dropped", "bypassed"],
)
def test_prod_is_not_said_to_be_behind_approval_where_github_does_not_keep_it(
    repository: Administered[GitHubRepository], plan: str, drops: bool, bypass: bool, said: str
) -> None:
    github = repository.at
    github.plan, github.drops, github.bypass = plan, drops, bypass
    refused = repository.refused(1)
    assert re.search(said, refused) and "GitHub Enterprise" in refused

    github.bypass = False
    repository.people({}, ["owner@example.org"], approval="never")
    assert "prod is not behind approval: `release.approval` is `never`." in repository.ok()


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("AZURE_TENANT=t\n", "ci.env:1: no job of CI reads AZURE_TENANT: did you mean `AZURE_TENANT_ID`?"),
        ("AZURE_TENANT_ID=t\nAZURE_TENANT_ID=u\n", "ci.env:2: AZURE_TENANT_ID is there twice, with another value"),
        ("hello\n", "ci.env:1: write NAME=value, as `make onboarded` prints it"),
    ],
    ids=["unknown", "twice", "no variable"],
)
def test_a_line_that_was_not_printed_is_refused_with_its_number(
    repository: Administered[GitHubRepository], pasted: str, said: str
) -> None:
    repository.paste(pasted)
    assert said in repository.refused(2)
    assert repository.at.journal == []


def test_who_may_not_set_it_up_changes_nothing(repository: Administered[GitHubRepository]) -> None:
    assert "`gh` is not on the PATH: install it" in repository.refused(2, PATH="/usr/bin:/bin")
    assert "gh auth login" in repository.refused(1, GH_TOKEN="")
    repository.at.admin = False
    assert "you are no administrator of example-agency/income-support-triage" in repository.refused(1)
    repository.at.admin, repository.at.plan = True, "free"
    assert "Upgrade to GitHub Pro" in repository.refused(1)
    assert repository.writes == []


def test_people_whom_github_cannot_ask_are_named_before_anything_is_changed(
    repository: Administered[GitHubRepository],
) -> None:
    repository.people({}, ["owner@example.org"])
    unknown = "mlops.yaml: owner@example.org approves prod, and GitHub knows accounts: add it to `people.acc"
    assert unknown in repository.refused(2)
    repository.people({"owner@example.org": "nobody"}, ["owner@example.org"])
    assert "GitHub knows no account nobody, of owner@example.org" in repository.refused(2)
    many = [f"p{number}@example.org" for number in range(7)]
    repository.people({each: each.partition("@")[0] for each in many}, many)
    assert "people.approves.prod has 7 people; GitHub takes 6" in repository.refused(2)
    (repository.folder / ".github" / "CODEOWNERS").write_text("* @nobody\n")
    assert "CODEOWNERS:1: is not what `people:` in mlops.yaml says" in repository.refused(2)
    assert repository.writes == []


def test_an_owner_whom_github_does_not_know_is_named(repository: Administered[GitHubRepository]) -> None:
    line = {"path": ".github/CODEOWNERS", "line": 2, "kind": "Unknown owner", "source": "* owner@example.org\n"}
    repository.at.owners = [line]
    assert ".github/CODEOWNERS:2: Unknown owner: * owner@example.org. That person needs the right to" in repository.ok()
