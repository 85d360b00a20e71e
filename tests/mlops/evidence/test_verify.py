"""A model is released only where all that was signed about it holds; what does not is named."""

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import evidence
from mlops.errors import Refused
from mlops.evidence import entries, keys, sign
from mlops.evidence.compare import absent
from mlops.gates.base import Verdict
from tests.mlops.evidence.conftest import AUTHOR, COLUMN, OWNER, SIGNER, Release
from tests.support.project import Project

Change = Callable[[Release], Any]
Scratch = Callable[[], Path]
TODAY, TOMORROW = date.today(), date.today() + timedelta(days=1)
REFUSED = Verdict("fairness", "sex", 0.2, 0.1, False, "the difference is .2.", "", f"fairness: sex, until {TODAY}")
WAIVER = {
    "gate": "fairness", "subject": "sex", "reason": "Known, and reviewed every quarter.", "who": OWNER,
    "until": str(TODAY),
}  # fmt: skip


def judged(release: Release, *more: Verdict) -> list[dict[str, Any]]:
    return [*release.says["verdicts"], *map(asdict, more)]


def coded(release: Release, **changes: Any) -> dict[str, Any]:
    return release.says["code"] | changes


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_what_holds_everywhere_is_released_everywhere(release: Release, scratch: Scratch, environment: str):
    found = release.verify(scratch(), environment)
    assert [each.why for each in found if not each.stands] == []
    assert {"artifact", "statement", "ledger", "verdicts"} <= {each.subject for each in found}


def test_a_model_that_nobody_else_committed_or_signed_for_stays_where_it_was_made(release: Release, scratch: Scratch):
    """All at once, and less is asked before staging."""
    release.state(code=coded(release, dirty=True, commit="0" * 40), uncommitted=["rounds"], reason="in a hurry")
    release.sign("prod", "approver", AUTHOR)
    release.set({"responsible_ai": [OWNER]}, "people", "signs")
    release.set("", "people", "one_person")
    assert release.refusals(scratch(), "dev") == []
    assert len(release.refusals(scratch(), "staging")) == 3
    said = "\n".join(release.refusals(scratch(), "prod"))
    for sentence in (
        "its code had changes that are not committed. Commit everything",
        "of its inputs rounds are not those of the committed files",
        "its commit 000000000000 is not on the branch main. Merge it",
        f"{AUTHOR} wrote its commit and approved it. Let somebody else: mlops release sign triage:2 --role approver",
        f"{SIGNER} signed as responsible_ai, which `people.signs` in mlops.yaml no longer says",
        "alone feeds data, watches, retrains and fixes. Share them in `people` of mlops.yaml",
    ):
        assert sentence in said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda release: release.state(verdicts=judged(release, REFUSED), waivers=[]),
            "fairness refused it, and no waiver covers that: the difference is .2.",
        ),
        (
            lambda release: release.state(verdicts=release.says["verdicts"][1:]),
            "it was never judged by ",
        ),
        (
            lambda release: release.set("trunk", "project", "protected_branch"),
            "is not on the branch trunk",
        ),
        (
            lambda release: release.sign("prod", "approver", AUTHOR),
            f"{AUTHOR} wrote its commit and approved it",
        ),
        (
            lambda release: release.state(system=release.says["system"] | {"limits": "x"}),
            f"{SIGNER} signed as data_protection before limits changed, so `privacy-and-security/use` is open",
        ),
        (
            lambda release: release.state(system=release.says["system"] | {"contract": "x", "purpose": "y"}),
            f"{SIGNER} signed as data_protection before contract and purpose changed",
        ),
        (
            lambda release: [path.unlink() for path in (release.path / ".mlops/ledger/prod").glob("*2.json")],
            "entry prod/3 of the ledger is not where it was written, or one before it is missing",
        ),
        (
            lambda release: (release.path / ".mlops/models/triage/1/build.dsse.json").unlink(),
            "the build statement of triage:1, is missing. Register the model again from its run.",
        ),
        (
            lambda release: release.set({}, "evidence", "trusted_keys", "prod"),
            "which is not trusted on prod (trusted: none). Models for prod are trained in Azure ML, and signed for and "
            "verified with --on prod. To rehearse it here, write below evidence.trusted_keys.prod in mlops.yaml:\n",
        ),
    ],
    ids=["verdict", "gate", "branch", "author", "limits", "contract", "removed", "no statement", "no key"],
)
def test_what_does_not_hold_is_named(release: Release, scratch: Scratch, change: Change, sentence: str):
    change(release)
    assert sentence in "\n".join(release.refusals(scratch()))


def test_a_key_that_is_not_trusted_is_shown_as_the_line_that_trusts_it(release: Release, scratch: Scratch):
    """The one that `sign` shows, where the key is at hand or trusted elsewhere."""
    release.set({}, "evidence", "trusted_keys", "prod")
    [said] = [each for each in release.refusals(scratch()) if "the build statement" in each]
    with pytest.raises(Refused, match="the key that signs here is not trusted on prod") as signing:
        keys.signer("prod", release.settings, release.platform)
    line = said.partition("\n")[2]
    assert line == str(signing.value).partition("\n")[2]
    release.set(yaml.safe_load(line), "evidence", "trusted_keys", "prod")
    assert release.refusals(scratch()) == []
    unknown = keys.remedy("0" * 64, "prod", release.settings, release.platform)
    assert unknown.startswith("evidence.trusted_keys.prod in mlops.yaml says which are")


def test_a_run_is_named_as_it_is_elsewhere(release: Release, scratch: Scratch):
    """One of Azure ML that was repeated, whole; nowhere is an id of a run cut by hand."""
    release.state(run="0123456789abcdef-2")
    assert any("how run 0123456789abcdef-2 made it" in each.why for each in release.verify(scratch(), "dev"))
    assert absent({"run": "0123456789abcdef-2", "nodes": {}, "state": "failed"}).startswith("Run 0123456789abcdef-2 ")
    files = [each for suffix in ("py", "j2") for each in Path(evidence.__path__[0]).parent.rglob(f"*.{suffix}")]
    cut = {each.name for each in files if re.search(r"run(['\"]\])?\[:8\]", each.read_text("utf-8"))}
    assert cut <= {"words.py", "jobs.py", "bench.py", "cache.py"}, "words.short; of the laptop's own runs all are alike"


def test_an_older_commit_does_not_take_the_place_of_a_newer_one(release: Release, scratch: Scratch):
    """As when a run is approved that waited while another was released."""
    git = Project(release.path).git
    git("commit", "--quiet", "--allow-empty", "-m", "newer")
    newer, old = git("rev-parse", "HEAD"), release.says["code"]["commit"]
    served = release.state(code=coded(release, commit=newer))
    for environment in ("staging", "prod"):
        entries.add(release.platform, release.settings, environment, "champion", served, {})
    assert [why for why in release.refusals(scratch()) if "is older" in why] == [], "itself"
    again = release.state(code=coded(release, commit=newer))
    assert release.refusals(scratch()) == [], "a retraining of the same commit"
    release.reference = "triage:1"
    for environment in ("staging", "prod"):
        [said] = release.refusals(scratch(), environment)
        assert said.startswith(f"its commit {old[:12]} is older than that of the model in service, {newer[:12]}. To go")
        assert "mlops release rollback --to" in said
    assert release.refusals(scratch(), "dev") == []
    git("checkout", "--quiet", "--orphan", "elsewhere")
    release.state(code=coded(release, commit="0" * 40))
    assert not [why for why in release.refusals(scratch()) if "is older" in why], "what git lacks says `code`"
    assert again != served


def test_who_signs_for_the_next_system_leaves_this_one_signed(release: Release, scratch: Scratch):
    release.sign("prod", "data_protection", limits="x")
    assert release.refusals(scratch()) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mlops.yaml", SIGNER, "me@example.org"),
        ("mlops.yaml", "protected_branch: main", "protected_branch: mine"),
        ("responsible_ai/checklist.yaml", "sign_off:", "sign_off: # mine"),
    ],
)
def test_settings_that_are_not_on_the_protected_branch_are_not_believed(
    release: Release, scratch: Scratch, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
):
    release.set("main", "project", "protected_branch")
    file, git = release.path / name, Project(release.path).git
    git("checkout", "--quiet", "-b", "theirs")
    assert release.refusals(scratch(), "prod") == []
    assert old in (text := file.read_text())
    file.write_text(text.replace(old, new))
    assert not [why for why in release.refusals(scratch(), "local") if "believed" in why]
    for environment in ("staging", "prod"):
        said = "\n".join(release.refusals(scratch(), environment))
        assert re.search(
            rf"{re.escape(name)}.* not as on the branch (main|mine), so nothing there is believed. Merge", said
        )
    git("commit", "--quiet", "-am", "on another branch")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", OWNER)
    with pytest.raises(Refused, match="so nothing there is believed. Merge what is new"):
        sign.sign_off("triage:1", "owner", "staging", release.platform, release.path, release.settings)


def test_why_and_what_to_do_are_told_apart(release: Release, scratch: Scratch):
    release.state(code=coded(release, dirty=True))
    (release.path / ".mlops/models/triage/1/build.dsse.json").unlink()
    found = {each.subject: each for each in release.verify(scratch()) if not each.stands}
    assert found["code"].why == "its code had changes that are not committed."
    assert found["code"].next_step.startswith("Commit everything, run the pipeline")
    release.reference = "triage:1"
    [missing] = [each for each in release.verify(scratch()) if not each.stands]
    assert missing.why.endswith("the build statement of triage:1, is missing.")
    assert missing.next_step == "Register the model again from its run."


def test_a_waiver_holds_until_its_day(release: Release, scratch: Scratch):
    release.state(verdicts=judged(release, REFUSED), waivers=[WAIVER])
    assert release.refusals(scratch(), today=TODAY) == []
    [why] = release.refusals(scratch(), today=TOMORROW)
    assert f"the waiver of fairness for sex ended on {TODAY}: the difference is .2." in why


def test_bytes_that_are_judged_again_are_released_by_their_newest_statement(release: Release, scratch: Scratch):
    subject = release.state(verdicts=judged(release, REFUSED), waivers=[])
    assert release.refusals(scratch())
    entries.add(release.platform, release.settings, "dev", "build", subject, release.says)
    assert release.refusals(scratch()) == []


def test_a_stopped_project_goes_on_when_its_owner_says_so(release: Release, scratch: Scratch):
    entries.add(
        release.platform, release.settings, "local", "stop", {"purpose": "p"}, {"reason": "No use.", "who": OWNER}
    )
    for environment in ("dev", "prod"):
        [why] = release.refusals(scratch(), environment)
        assert re.match(
            rf"{OWNER} stopped the project on {TODAY} at ..:.. UTC: No use. Its owner lets it go on with", why
        )
    release.sign("prod", "owner", OWNER)
    assert release.refusals(scratch(), "prod") == []
    assert len(release.refusals(scratch(), "dev")) == 1


def test_what_breaks_callers_of_the_model_in_service_is_refused(release: Release, scratch: Scratch):
    asked = release.says["evaluation"] | {"request": {"age": COLUMN, "sex": COLUMN}}
    served = release.state(evaluation=asked)
    entries.add(release.platform, release.settings, "prod", "champion", served, {})
    release.reference = "triage:1"
    [why] = release.refusals(scratch(), "prod")
    assert "sex is no longer taken" in why
    assert release.refusals(scratch(), "staging") == []
