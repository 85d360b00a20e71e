"""`make repo-setup`, with a `gh` and an `az` that speak to services which refuse and drop what the real ones do."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

import pytest
import yaml

from tests.emulator.ci.project import Managed
from tests.emulator.ci.repository import SUBJECT, Hosted
from tests.emulator.ci.server import Service, served
from tests.infra import az_rest, gh
from tests.infra.support import borrow_environment
from tests.support.project import generate

PASTED = """# Into .mlops/ci.env
AZURE_TENANT_ID=t
AZURE_SUBSCRIPTION_ID_DEV=s
PULUMI_BACKEND_URL_DEV=azblob://state-dev?storage_account=st
AZURE_CLIENT_ID_DEPLOY_DEV=d
AZURE_CLIENT_ID_READER_DEV=r
"""


@pytest.fixture(scope="session")
def rendered(once: Callable[..., Path]) -> Callable[[str], Path]:
    """A project that CI of that system serves."""

    def render(system: str) -> Path:
        def fill(place: Path) -> None:
            place.mkdir()
            done = generate(place, place / "home", f"ci_system={system}")
            assert done.returncode == 0, done.stdout + done.stderr

        return once(f"rendered-{system}", fill) / "income-support-triage"

    return render


Kind = TypeVar("Kind", bound=Service)


@dataclass
class Repository(Generic[Kind]):
    """A project in `folder`, and the service where its code lives."""

    folder: Path
    at: Kind
    bin: Path

    def people(self, accounts: dict[str, str], prod: list[str], **release: str) -> None:
        file = self.folder / "mlops.yaml"
        plain = yaml.safe_load(file.read_text())
        plain["people"]["approves"]["prod"] = prod
        plain["people"]["accounts"] = accounts
        plain["release"] = release
        file.write_text(yaml.safe_dump(plain))

    def paste(self, text: str) -> Path:
        file = self.folder / ".mlops" / "ci.env"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def setup(self, act: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
        place = self.at.url.removeprefix("http://")
        done = subprocess.run(
            ["make", "--assume-old=infra/.venv/.synced", "repo-setup", *(["YES=1"] if act else [])],
            cwd=self.folder,
            env={
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "PYTHONPATH": str(self.folder / "src"),
                "GH_DOUBLE": place,
                "AZ_DOUBLE": place,
                "GH_TOKEN": "a",
                **variables,
            },
            capture_output=True,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    @property
    def writes(self) -> list[str]:
        return [each for each in self.at.journal if not each.startswith("GET ")]


def made(project: Path, to: Path, at: Kind, **programs: ModuleType) -> Repository[Kind]:
    shutil.copytree(project, to / "project", symlinks=True)
    borrow_environment(to / "project" / "infra")
    (to / "bin").mkdir()
    for name, module in programs.items():
        program = to / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {module.__file__} "$@"\n')
        program.chmod(0o755)
    found = Repository(to / "project", at, to / "bin")
    accounts = {"owner@example.org": "ada", "other@example.org": "grace"}
    found.people(accounts, [*accounts])
    return found


@pytest.fixture
def repository(rendered: Callable[[str], Path], tmp_path: Path) -> Iterator[Repository[Hosted]]:
    with served(Hosted()) as github:
        yield made(rendered("github-actions"), tmp_path, github, gh=gh)


@pytest.fixture
def azure(rendered: Callable[[str], Path], tmp_path: Path) -> Iterator[Repository[Managed]]:
    with served(Managed()) as devops:
        found = made(rendered("azure-devops"), tmp_path, devops, az=az_rest)
        remote = "https://agency@dev.azure.com/agency/Income%20Triage/_git/income-support-triage"
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=found.folder, check=True)
        yield found


def test_what_would_be_done_is_said_done_and_read_back(repository: Repository[Hosted]) -> None:
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

    done = repository.setup(act=True)
    assert done.returncode == 0, done.stderr
    assert "prod is behind approval, as GitHub says it too: ada, grace." in done.stdout
    assert f"then trusted as {SUBJECT}:environment:prod-operate" in done.stdout
    [rule] = github.environments["prod"]["protection_rules"]
    assert rule["prevent_self_review"] and [each["reviewer"]["id"] for each in rule["reviewers"]] == [11, 12]
    assert all(not each["protection_rules"] for name, each in github.environments.items() if name != "prod")
    assert [*github.environments] == ["dev", "staging", "prod", "prod-operate"]
    assert all([*branches.values()] == ["main"] for branches in github.policies.values())
    assert github.variables["MLOPS_ENV_DEV"] == '{"workspace": "mlw"}' and github.variables["AZURE_TENANT_ID"] == "t"
    protection = github.protection or {}
    assert protection["enforce_admins"] == {"enabled": True} and protection["allow_force_pushes"] == {"enabled": False}
    assert protection["required_pull_request_reviews"]["require_code_owner_reviews"]
    assert protection["required_status_checks"]["checks"] == [{"context": "check", "app_id": 15368}]

    github.journal.clear()
    again = repository.setup(act=True)
    assert (again.returncode, repository.writes) == (0, []) and "nothing to change" in again.stdout


def test_stricter_rules_of_the_branch_stay(repository: Repository[Hosted]) -> None:
    github = repository.at
    assert repository.setup(act=True).returncode == 0
    protection, scan = github.protection or {}, {"context": "scan", "app_id": None}
    who = {"users": [{"id": 1, "login": "ada"}], "teams": [{"id": 2, "slug": "leads"}], "apps": []}
    reviews = protection["required_pull_request_reviews"]
    reviews |= {"required_approving_review_count": 2, "dismissal_restrictions": {"url": "/", **who}}
    protection["required_status_checks"]["checks"].append(scan)
    protection |= {"restrictions": {"url": "/", **who}, "required_linear_history": {"enabled": True}}
    github.journal.clear()
    again = repository.setup(act=True)
    assert (again.returncode, repository.writes) == (0, []) and "nothing to change" in again.stdout

    reviews |= {"required_approving_review_count": 0}
    protection["required_status_checks"]["checks"][0]["app_id"] = None
    protection["allow_force_pushes"] = {"enabled": True}
    done = repository.setup(act=True)
    assert done.returncode == 0 and len(repository.writes) == 1, done.stderr
    kept = github.protection or {}
    assert kept is not protection and kept["allow_force_pushes"] == {"enabled": False}
    assert kept["required_pull_request_reviews"]["required_approving_review_count"] == 1
    assert kept["required_pull_request_reviews"]["dismissal_restrictions"]["teams"][0]["slug"] == "leads"
    assert kept["required_status_checks"]["checks"] == [scan, {"context": "check", "app_id": 15368}]
    assert kept["restrictions"]["users"][0]["login"] == "ada"
    assert kept["required_linear_history"] == {"enabled": True}


@pytest.mark.parametrize("how", ["refused", "dropped", "bypassed"])
def test_prod_is_not_said_to_be_behind_approval_where_github_does_not_keep_it(
    repository: Repository[Hosted], how: str
) -> None:
    github = repository.at
    github.plan, github.drops = ("enterprise" if how == "bypassed" else "team"), how == "dropped"
    github.bypass = how == "bypassed"
    done = repository.setup(act=True)
    assert done.returncode == 2 and "Error 1" in done.stderr, "make: 2, the command: 1"
    assert "is behind approval" not in done.stdout
    if how == "refused":
        assert "GitHub refuses PUT" in done.stderr and "billing plan supports the required reviewers" in done.stderr
    else:
        assert "prod is NOT behind approval: GitHub does not keep the rule" in done.stderr
    assert "GitHub Enterprise" in done.stderr

    github.bypass = False
    repository.people({}, ["owner@example.org"], approval="never")
    done = repository.setup(act=True)
    assert done.returncode == 0, done.stderr
    assert "prod is not behind approval: `release.approval` is `never`." in done.stdout


def test_what_cannot_be_is_said_before_anything_is_changed(repository: Repository[Hosted]) -> None:
    file = repository.paste("AZURE_TENANT=t\n")
    assert "ci.env:1: no job of CI reads AZURE_TENANT: did you mean `AZURE_TENANT_ID`?" in repository.setup().stderr
    file.write_text("AZURE_TENANT_ID=t\nAZURE_TENANT_ID=u\n")
    assert "ci.env:2: AZURE_TENANT_ID is there twice, with another value" in repository.setup().stderr
    file.write_text("hello\n")
    assert "ci.env:1: write NAME=value, as `make onboarded` prints it" in repository.setup().stderr
    file.unlink()
    assert "`gh` is not on the PATH: install it" in repository.setup(PATH="/usr/bin:/bin").stderr
    assert "gh auth login" in repository.setup(GH_TOKEN="").stderr
    repository.at.admin = False
    assert "you are no administrator of example-agency/income-support-triage" in repository.setup().stderr
    repository.at.admin = True
    repository.people({}, ["owner@example.org"])
    unknown = repository.setup().stderr
    assert "mlops.yaml: owner@example.org approves prod, and GitHub knows accounts: add it to `people.acc" in unknown
    repository.people({"owner@example.org": "nobody"}, ["owner@example.org"])
    assert "GitHub knows no account nobody, of owner@example.org" in repository.setup().stderr
    many = [f"p{number}@example.org" for number in range(7)]
    repository.people({each: each.partition("@")[0] for each in many}, many)
    assert "people.approves.prod has 7 people; GitHub takes 6" in repository.setup().stderr
    (repository.folder / ".github" / "CODEOWNERS").write_text("* @nobody\n")
    assert "CODEOWNERS:1: is not what `people:` in mlops.yaml says" in repository.setup(act=True).stderr
    assert repository.writes == []


def test_an_owner_whom_github_does_not_know_is_named(repository: Repository[Hosted]) -> None:
    line = {"path": ".github/CODEOWNERS", "line": 2, "kind": "Unknown owner", "source": "* owner@example.org\n"}
    repository.at.owners = [line]
    done = repository.setup(act=True)
    assert ".github/CODEOWNERS:2: Unknown owner: * owner@example.org. That person needs the right to" in done.stdout


def test_azure_devops_is_set_up_in_rounds_since_things_name_each_other_by_id(azure: Repository[Managed]) -> None:
    file = azure.paste(f"{PASTED}RUNNER_PROD=inside\n")
    refused = azure.setup(act=True).stderr
    assert "ci.env:7: no pipeline reads RUNNER_PROD from a variable group: write it in .azuredevops/temp" in refused
    file.write_text(PASTED)
    planned = azure.setup()
    assert planned.returncode == 0 and azure.writes == [], planned.stderr
    assert "Azure DevOps, agency/Income Triage/income-support-triage: " in planned.stdout
    for said in (
        "environment prod: jobs wait until owner@example.org or other@example.org approves, and not whoever started",
        "environment prod-operate: jobs of the branch main only",
        "environment staging: one job at a time",
        "service connection dev-deploy, as d; no secret",
        "variable group mlops: AZURE_CLIENT_ID_DEPLOY_DEV, ",
        "pipeline check, of /.azuredevops/check.yml",
        "branch main: only pull requests that pass the pipeline check",
        "branch main: owner@example.org approve changes of /infra/",
    ):
        assert said in planned.stdout, said

    done = azure.setup(act=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "prod is behind approval, as Azure DevOps says it too: owner@example.org, other@example.org." in done.stdout
    assert "environments.dev.subjects.reader: /eid1/c/pub/t/t/a/app/sc/agency/2\n" in done.stdout
    checks = {(each["resource"]["name"], each["type"]["name"]): each["settings"] for each in azure.at.all("checks")}
    assert sorted(checks) == [
        ("dev", "ExclusiveLock"),
        ("dev", "Task Check"),
        ("dev-deploy", "Task Check"),
        ("prod", "Approval"),
        ("prod", "ExclusiveLock"),
        ("prod", "Task Check"),
        ("prod-operate", "Task Check"),
        ("staging", "ExclusiveLock"),
        ("staging", "Task Check"),
    ]
    assert checks["prod", "Approval"]["requesterCannotBeApprover"] is True
    assert checks["staging", "Task Check"]["inputs"]["allowedBranches"] == "refs/heads/main"
    pipelines = {each["name"]: each["id"] for each in azure.at.all("pipelines")}
    files = sorted(file.stem for file in (azure.folder / ".azuredevops").glob("*.yml"))
    assert sorted(pipelines) == files and {"check", "release", "watch"} <= {*files}
    policies = [each["settings"] for each in azure.at.all("policies")]
    assert [each["buildDefinitionId"] for each in policies if "buildDefinitionId" in each] == [pipelines["check"]]
    owned = [each["filenamePatterns"] for each in policies if "filenamePatterns" in each]
    assert ["/infra/*"] in owned and "!/infra/*" in owned[0]
    assert all(not each.get("isSecret") for group in azure.at.all("groups") for each in group["variables"].values())

    azure.at.journal.clear()
    again = azure.setup(act=True)
    assert (again.returncode, azure.writes) == (0, []) and "nothing to change" in again.stdout
    [approval] = [each for each in azure.at.all("checks") if each["type"]["name"] == "Approval"]
    approval["settings"] |= {"approvers": [{"id": "id-owner"}, {"id": "id-somebody"}], "minRequiredApprovers": 2}
    approval["settings"] |= {"instructions": "Read the evidence."}
    [count] = [each for each in azure.at.all("policies") if "minimumApproverCount" in each["settings"]]
    count["settings"] |= {"minimumApproverCount": 2, "blockLastPusherVote": True}
    assert azure.setup(act=True).returncode == 0
    assert azure.writes == [f"PATCH /agency/Income Triage/_apis/pipelines/checks/configurations/{approval['id']}"]
    kept = azure.at.kept["checks"][approval["id"]]["settings"]
    assert [each["id"] for each in kept["approvers"]] == ["id-owner", "id-other"], "the same check, changed"
    assert kept["minRequiredApprovers"] == 2 and kept["instructions"] == "Read the evidence."

    count["settings"] |= {"resetOnSourcePush": False}
    assert azure.setup(act=True).returncode == 0
    kept = azure.at.kept["policies"][count["id"]]["settings"]
    assert kept["resetOnSourcePush"] and kept["blockLastPusherVote"] and kept["minimumApproverCount"] == 2
    count = azure.at.kept["policies"][count["id"]]
    count["settings"] |= {"minimumApproverCount": 0}
    assert azure.setup(act=True).returncode == 0
    kept = azure.at.kept["policies"][count["id"]]["settings"]
    assert kept["minimumApproverCount"] == 1 and kept["blockLastPusherVote"]


def test_prod_is_not_said_to_be_behind_approval_that_azure_devops_does_not_keep(azure: Repository[Managed]) -> None:
    azure.at.drops = "Approval"
    done = azure.setup(act=True)
    assert "Error 1" in done.stderr and "is behind approval" not in done.stdout
    assert "prod is NOT behind approval: Azure DevOps does not keep the checks" in done.stderr
    azure.at.people["id-owner"] = "other@example.org"
    assert "agency knows nobody as owner@example.org: add that person" in azure.setup().stderr
    azure.at.people["id-namesake"] = "owner@example.org"
    two = "mlops.yaml: agency knows more than one as other@example.org: Owner (id-owner), Other (id-other). Remove"
    assert two in azure.setup().stderr
    del azure.at.people["id-owner"], azure.at.people["id-other"]
    assert "agency knows nobody as other@example.org: add that person" in azure.setup().stderr
    subprocess.run(["git", "remote", "set-url", "origin", "https://github.com/a/b"], cwd=azure.folder, check=True)
    assert "git knows no repository in Azure DevOps (https://github.com/a/b): add" in azure.setup().stderr
