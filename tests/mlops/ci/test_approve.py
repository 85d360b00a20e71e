"""Who approved a run of CI is signed as approver, if mlops.yaml lets them, and nobody else is."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops.errors import Misuse, MlopsError, Refused
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import GitHub
from tests.mlops.ci.approvals import approvals, approve, approved
from tests.mlops.evidence.conftest import AUTHOR, SIGNER, Release


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


def test_an_approval_is_asked_of_ci_alone(asks: Release, github: GitHub, tmp_path: Path):
    """With no ledger, model, environment file or login, as a job has none before its stack is up."""
    alone = tmp_path / "alone"
    shutil.copytree(asks.path, alone, ignore=shutil.ignore_patterns(".mlops", "artifacts"))
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
