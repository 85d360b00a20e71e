"""Who wrote the commit does not approve it alone, by whatever address git knows that person."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops import settings
from mlops.errors import Misuse, Refused
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import GitHub
from tests.mlops.ci.approvals import ACCOUNTS, approve, approved, authored, opened, typed
from tests.mlops.evidence.conftest import AUTHOR, SIGNER, Release


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


def test_whose_commit_it_is_has_to_be_known(asks: Release, github: GitHub, tmp_path: Path):
    github.review("signer-1")
    shutil.copy(asks.path / "mlops.yaml", tmp_path)
    with pytest.raises(Misuse, match="git does not know who wrote the commit that is checked out here"):
        approved(replace(asks, path=tmp_path))


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


def test_one_account_has_one_person(release: Release):
    release.set({SIGNER: "one", AUTHOR: "ONE"}, "people", "accounts", commit=False)
    with pytest.raises(Misuse, match=r"mlops.yaml:\d+: `people.accounts`: two people have one account"):
        settings.load(release.path / "mlops.yaml")
    release.set({"no-address": "one"}, "people", "accounts", commit=False)
    with pytest.raises(Misuse, match="write an e-mail address"):
        settings.load(release.path / "mlops.yaml")
