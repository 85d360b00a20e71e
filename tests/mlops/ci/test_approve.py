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


def approve(*more: str) -> str:
    """Type the command; what it says. Raises what it ends with."""
    done = CliRunner().invoke(app, ["release", "approve", "triage:1", "--on", "prod", *more])
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
    with pytest.raises(Refused, match=f"{AUTHOR} wrote the commit of triage:1 and approved it"):
        approve()
    asks.sign("prod", "approver", SIGNER)
    assert approve().startswith(f"{AUTHOR} approved")


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
