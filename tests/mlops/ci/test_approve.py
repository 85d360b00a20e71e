"""Who approved a run of CI is signed as approver, if mlops.yaml lets them, and nobody else is."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mlops import platform, settings
from mlops.cli import app
from mlops.commands.common import Opened
from mlops.errors import Misuse, MlopsError, Refused
from mlops.evidence import entries
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import GitHub
from tests.mlops.evidence.conftest import AUTHOR, SIGNER, Release
from tests.support.project import Project

ACCOUNTS = {SIGNER: "Signer-1", AUTHOR: "author-1", "other@example.org": "other-1"}


@pytest.fixture(scope="module")
def copied(released: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A model that somebody has to approve for prod, and people with accounts."""
    path = Project(released.path).copy(tmp_path_factory.mktemp("asks") / "project").path
    release = replace(released, path=path, platform=platform.open("local", path))
    release.set(ACCOUNTS, "people", "accounts")
    release.set("always", "release", "approval")
    authored(release, AUTHOR)
    shutil.copytree(path / ".mlops" / "ledger", path / "ledger")
    return release


@pytest.fixture
def asks(copied: Release, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """The same, with nothing approved yet."""
    monkeypatch.chdir(copied.path)
    monkeypatch.setattr("mlops.commands.release.open_platform", opened(copied))
    yield copied
    shutil.rmtree(copied.path / ".mlops" / "ledger")
    shutil.copytree(copied.path / "ledger", copied.path / ".mlops" / "ledger")


def opened(release: Release) -> Callable[[str], Any]:
    """The project as if its ledger, model and key were prod's."""
    return lambda on="prod": Opened(release.path, replace(release.platform, on=on))


def approve() -> str:
    return typed("release", "approve", "triage:1", "--on", "prod")


def authored(release: Release, address: str) -> None:
    """Check a commit of somebody out."""
    Project(release.path).git("commit", "--quiet", "--allow-empty", "-m", "more", f"--author=A <{address}>")


def approved(release: Release) -> str:
    """What the first step of the job says there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(release.path)
        return typed("ci", "approved", "--on", "prod")


def typed(*command: str) -> str:
    """Type the command; what it says. Raises what it ends with."""
    done = CliRunner().invoke(app, command)
    if isinstance(done.exception, MlopsError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output.strip()


def approvals(release: Release) -> list[dict[str, Any]]:
    said = [each.says for each in entries.read(release.platform, release.settings)[0] if each.kind == "sign-off"]
    return [dict(each) for each in said if each["role"] == "approver"]


def test_the_entry_has_the_name_the_account_and_the_run(asks: Release, github: GitHub, scratch: Callable[[], Path]):
    assert ["nobody has approved it" in each for each in asks.refusals(scratch())] == [True]
    github.review("signer-1", "staging")
    github.review("signer-1")
    url = "https://github.com/agency/triage/actions/runs/4711"
    assert approve() == f"{SIGNER} approved triage:1 for prod, as {url} says"
    [entry] = approvals(asks)
    assert (entry["who"], entry["on"]) == (SIGNER, "prod")
    assert entry["ci"] == {"system": "github-actions", "run": "4711", "url": url, "login": "signer-1", "time": ""}
    assert asks.refusals(scratch()) == []


def test_azure_devops_says_who_and_when_and_the_newest_counts(asks: Release, azure_devops: AzureDevOps):
    azure_devops.approve("staging", ("other@example.org", "2026-11-23T12:00:00Z", "approved"))
    azure_devops.approve(
        "prod",
        (AUTHOR, "2026-11-23T10:00:00.58Z", "approved"),
        (SIGNER, "2026-11-23T11:00:00.5793622Z", "approved"),
        ("other@example.org", "2026-11-23T13:00:00Z", "rejected"),
    )
    assert approve().startswith(f"{SIGNER} approved triage:1")
    [entry] = approvals(asks)
    assert (entry["ci"]["login"], entry["ci"]["time"]) == (SIGNER, "2026-11-23T11:00:00.5793622Z")


def test_a_job_of_another_environment_approves_nothing(
    asks: Release, azure_devops: AzureDevOps, monkeypatch: pytest.MonkeyPatch
):
    azure_devops.approve("prod", (SIGNER, "2026-11-23T11:00:00Z", "approved"))
    monkeypatch.setenv("ENVIRONMENT_NAME", "staging")
    with pytest.raises(Misuse, match="this job deploys to staging"):
        approve()


@pytest.mark.parametrize(
    "reviews", [[], [("signer-1", "staging", "approved")], [("signer-1", "prod", "rejected")]],
    ids=["none", "of another environment", "rejected"],
)  # fmt: skip
def test_no_approval_is_refused_with_what_to_set_up(asks: Release, github: GitHub, reviews: list[tuple[str, str, str]]):
    for each in reviews:
        github.review(*each)
    with pytest.raises(Refused, match="nobody approved this run for prod: .* make repo-setup"):
        approve()
    assert approvals(asks) == []


def test_azure_devops_without_an_approval_is_refused_too(asks: Release, azure_devops: AzureDevOps):
    azure_devops.approve("staging", (SIGNER, "2026-11-23T12:00:00Z", "approved"))
    with pytest.raises(Refused, match="make repo-setup"):
        approve()


def test_an_account_that_nobody_named_is_refused_with_the_line_to_write(asks: Release, github: GitHub):
    github.review("stranger")
    with pytest.raises(Refused, match="write below people.accounts: E-MAIL: stranger"):
        approve()


def test_somebody_who_may_not_approve_is_refused(asks: Release, github: GitHub):
    github.review("other-1")
    with pytest.raises(Refused, match=f"other-1 approved this run, and people.approves.prod .* {SIGNER}"):
        approve()


def test_who_wrote_the_commit_does_not_approve_alone(asks: Release, github: GitHub):
    github.review("author-1")
    with pytest.raises(
        Refused, match=f"{AUTHOR} wrote the commit of triage:1 and approved it. Start a new run, and let"
    ):
        approve()
    with pytest.raises(
        Refused, match=f"{AUTHOR} wrote the commit of this run and approved it. Start a new run, and let"
    ):
        approved(asks)
    asks.sign("prod", "approver", SIGNER)
    assert approve().startswith(f"{AUTHOR} approved")


def test_what_is_said_to_who_wrote_the_commit_helps(asks: Release, github: GitHub):
    """The same run again has two approvals without a time, and no next step; a new run has its own."""
    github.review("author-1")
    github.review("signer-1")
    with pytest.raises(Refused, match="CI does not say who did last. Start a new run"):
        approve()
    github.reviews.clear()
    github.review("signer-1")
    assert approve().startswith(f"{SIGNER} approved triage:1 for prod")


def test_azure_devops_lets_somebody_else_approve_the_job_again(asks: Release, azure_devops: AzureDevOps):
    azure_devops.approve("prod", (AUTHOR, "2026-11-23T11:00:00Z", "approved"))
    with pytest.raises(Refused, match="Run this job again, and let somebody else"):
        approve()
    with pytest.raises(Refused, match="Run this job again, and let somebody else"):
        approved(asks)
    azure_devops.approve("prod", (SIGNER, "2026-11-23T12:00:00Z", "approved"))
    assert approved(asks).startswith(f"{SIGNER} approved this run")
    assert approve().startswith(f"{SIGNER} approved triage:1 for prod")


@pytest.mark.parametrize(
    "address",
    ["Author@Example.org", "author-1@users.noreply.github.com", "4711+Author-1@users.noreply.github.com"],
    ids=["case", "account", "account and its number"],
)
def test_one_person_has_many_addresses(
    release: Release, github: GitHub, monkeypatch: pytest.MonkeyPatch, scratch: Callable[[], Path], address: str
):
    """The author of a commit, as git or GitHub wrote the address, approves no more alone."""
    release.set(ACCOUNTS, "people", "accounts")
    release.state(code=release.says["code"] | {"author": address})
    monkeypatch.chdir(release.path)
    monkeypatch.setattr("mlops.commands.release.open_platform", opened(release))
    github.review("author-1")
    release.set("always", "release", "approval")
    with pytest.raises(Refused, match=f"{AUTHOR} wrote the commit of triage:2 and approved it"):
        typed("release", "approve", "triage:2", "--on", "prod")
    authored(release, address)
    with pytest.raises(Refused, match=f"{AUTHOR} wrote the commit of this run and approved it"):
        typed("ci", "approved", "--on", "prod")
    release.sign("prod", "approver", AUTHOR)
    assert [why for why in release.refusals(scratch()) if f"{AUTHOR} wrote its commit and approved it" in why]
    release.sign("prod", "approver", SIGNER.upper())
    assert release.refusals(scratch()) == []


def test_an_approval_is_asked_of_ci_alone(asks: Release, github: GitHub, tmp_path: Path):
    """With no ledger, model, environment file or login, as a job has none before its stack is up."""
    alone = tmp_path / "alone"
    shutil.copytree(asks.path, alone, ignore=shutil.ignore_patterns(".mlops", "ledger", "artifacts"))
    here = replace(asks, path=alone)
    with pytest.raises(Refused, match="nobody approved this run for prod: .* make repo-setup"):
        approved(here)
    github.review("other-1")
    with pytest.raises(Refused, match=f"other-1 approved this run, and people.approves.prod .* {SIGNER}"):
        approved(here)
    github.review("signer-1")
    url = "https://github.com/agency/triage/actions/runs/4711"
    assert approved(here) == f"{SIGNER} approved this run for prod, as {url} says"
    assert not (alone / ".mlops").exists()
    github.reviews.clear()
    here.set("changed-spec", "release", "approval")
    assert approved(here).startswith("nobody approved this run; `mlops release verify` says")
    here.set("never", "release", "approval")
    github.journal.clear()
    assert (approved(here), github.journal) == ("nobody has to approve: `release.approval` is `never`", [])


def test_whose_commit_it_is_has_to_be_known(asks: Release, github: GitHub, tmp_path: Path):
    github.review("signer-1")
    shutil.copy(asks.path / "mlops.yaml", tmp_path)
    with pytest.raises(Misuse, match="git does not know who wrote the commit that is checked out here"):
        approved(replace(asks, path=tmp_path))


def test_of_two_people_github_does_not_say_who_was_last(asks: Release, github: GitHub):
    github.review("signer-1")
    github.review("author-1")
    with pytest.raises(Refused, match="author-1 and signer-1 approved this run, and CI does not say who did last"):
        approve()
    asks.sign("prod", "approver", SIGNER)
    assert approve() == f"{SIGNER} had approved triage:1 before", "a job that is run again goes on"


def test_where_nobody_has_to_approve_nothing_is_asked(asks: Release, github: GitHub):
    asks.set("never", "release", "approval")
    assert "`release.approval` is `never`" in approve()
    assert github.journal == []
    asks.set("changed-spec", "release", "approval")
    assert approve().startswith("nobody approved this run; `mlops release verify` says")
    assert approvals(asks) == []
    asks.set("always", "release", "approval")
    authored(asks, AUTHOR)


def test_an_approval_that_cannot_be_read_is_a_failure(asks: Release, github: GitHub):
    github.review("signer-1")
    github.permissions = {}
    with pytest.raises(MlopsError, match="403: Resource not accessible by integration") as raised:
        approve()
    assert raised.value.status == 3
    github.permissions = {"actions": "read"}
    github.failing = [500]
    assert approve().startswith(SIGNER)


def test_outside_ci_a_person_signs_instead(asks: Release):
    with pytest.raises(Misuse, match="this is no run of CI"):
        approve()


def test_one_account_has_one_person(release: Release):
    release.set({SIGNER: "one", AUTHOR: "ONE"}, "people", "accounts", commit=False)
    with pytest.raises(Misuse, match=r"mlops.yaml:\d+: `people.accounts`: two people have one account"):
        settings.load(release.path / "mlops.yaml")
    release.set({"no-address": "one"}, "people", "accounts", commit=False)
    with pytest.raises(Misuse, match="write an e-mail address"):
        settings.load(release.path / "mlops.yaml")
