"""`make infra-check` says in words what stands and what does not, and its status says which of them it was."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import check
import costs
import findings
import pytest
from policy import Resource
from record import HERE, Job, Recorded, configured, run

from mlops import files, settings
from mlops.errors import Misuse

SETTINGS = settings.load(HERE.parent / "mlops.yaml")
PRICES = costs.load()


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(changed: Callable[..., Path]) -> Path:
    """A committed copy of the project, as far as infrastructure goes."""
    folder = changed("dev", {}, {}, {}).parent
    shutil.copytree(HERE.parent / "docs", folder / "docs")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "start", "--no-verify")
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def told(*stacks: dict[str, Any]) -> str:
    return "\n".join(check.told({"stacks": stacks, "against": "HEAD", "not_compared": "", "rights": ""}))


def one(now: Recorded, then: Recorded | None = None) -> dict[str, Any]:
    return findings.one(now, SETTINGS, then, SETTINGS, PRICES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config:\n\ta: 1\n", "Pulumi.dev.yaml:2: is not valid YAML: a tab stands where spaces belong"),
        ("config: {a: 1\n", "Pulumi.dev.yaml:"),
        ("", "Pulumi.dev.yaml: is empty"),
        (None, "Pulumi.dev.yaml: cannot be read"),
        ("config:\n  a: 1\n  a: 2\n", "Pulumi.dev.yaml:3: `a` is written twice"),
    ],
)
def test_a_stack_file_that_cannot_be_read_is_said_so(tmp_path: Path, text: str | None, says: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: triage\n", "utf-8")
    if text is not None:
        (tmp_path / "Pulumi.dev.yaml").write_text(text, "utf-8")
    with pytest.raises(Misuse) as caught:
        configured(Job("dev", tmp_path))
    assert says in str(caught.value)


def test_a_stack_file_that_is_not_there_is_no_lack_of_settings(project: Path) -> None:
    (project / "infra" / "Pulumi.dev.yaml").unlink()
    found = one(run(Job("dev", project / "infra")))
    assert found["status"] == 2
    assert "Pulumi.dev.yaml: cannot be read" in told(found) and "is missing; add it" not in told(found)


def test_a_project_as_it_was_made_passes(project: Path) -> None:
    found = findings.check(["dev"], "HEAD", project / "infra")
    said = "\n".join(check.told(found))
    assert found["status"] == 0
    assert "no violations of the policies" in said
    assert "Not onboarded yet" in said
    assert "Costs are what they were at HEAD." in said
    assert json.loads(files.as_json(found)) == json.loads(json.dumps(found))


def test_what_it_found_is_left_for_the_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLOPS_FINDINGS", str(tmp_path))
    said = {"status": 1, "against": "HEAD", "not_compared": "", "rights": "It is old.", "stacks": []}
    monkeypatch.setattr(findings, "check", lambda stacks, against: said)
    assert check.main([]) == 1
    assert json.loads((tmp_path / "infra.json").read_text()) == said

    def wrong(*_: object) -> None:
        raise Misuse("it is wrong.", "mlops.yaml", 3)

    monkeypatch.setattr(findings, "check", wrong)
    assert check.main([]) == 2
    assert json.loads((tmp_path / "infra.json").read_text()) == {"status": 2, "wrong": "mlops.yaml:3: it is wrong."}
    assert "mlops.yaml:3: it is wrong." in capsys.readouterr().err


def test_a_commit_that_is_not_there_is_said(project: Path) -> None:
    with findings.committed(project / "infra", "elsewhere") as (folder, why):
        assert folder is None
        assert "Costs are not compared with elsewhere" in why


def test_a_rights_page_that_was_left_behind_refuses(project: Path) -> None:
    assert findings.outdated(project / "infra") == ""
    edit(project / "docs" / "rights.md", "Who may do what", "Who may do anything")
    assert "make infra-rights" in findings.outdated(project / "infra")


def test_a_change_shows_what_it_costs(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["a dearer dev"], recorded["dev"])
    assert {"registry Standard", "registry Premium"} <= {row[0] for row in found["costs"]["difference"]}
    assert "changed" in told(found)


def test_what_a_policy_refuses_is_said_once_for_each_cause(recorded: Mapping[str, Recorded]) -> None:
    def moved(each: Resource) -> Resource:
        return dataclasses.replace(each, inputs={**each.inputs, "location": "elsewhere"})

    dev = recorded["dev"]
    found = one(
        dataclasses.replace(
            dev, resources=[moved(each) if "location" in each.inputs else each for each in dev.resources]
        )
    )
    assert found["status"] == 1
    (said,) = found["violations"]
    assert re.search(r"`.+` \(.+\) and \d+ more: it is in elsewhere; allowed is", said)
    assert said in told(found)


def test_a_key_that_is_exported_is_refused(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["that exports a key"])
    assert found["status"] == 1
    assert [name for name in ("address", "keys") if f"the output `{name}` holds what looks like a key" in told(found)]
    assert len(found["violations"]) == 2


def test_a_wrong_setting_is_named_at_its_line(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["an open prod"])
    assert found["status"] == 2
    assert "Pulumi.prod.yaml:" in told(found) and "Traceback" not in told(found)


@pytest.mark.parametrize(
    "name, says",
    [
        ("with a name that nobody gave", r"components/vault.py:53: NameError: name 'STANDARD' is not defined; this is"),
        ("that is not Python", r"components/vault.py:53: SyntaxError: invalid syntax; this is an error in the program"),
    ],
)
def test_a_slip_in_the_program_is_a_failure_at_its_line(recorded: Mapping[str, Recorded], name: str, says: str) -> None:
    found = one(recorded[name])
    assert found["status"] == 3
    assert re.search(f"dev\n/.*{says}", told(found)), told(found)
    assert "Traceback" not in told(found)


def test_a_slip_in_what_the_check_itself_reads_is_a_failure_too(project: Path) -> None:
    edit(project / "infra" / "roles.py", "RIGHTS: tuple", "RIGHTS: tupel")
    done = subprocess.run([sys.executable, project / "infra" / "check.py"], capture_output=True, text=True)
    assert done.returncode == 3
    assert re.fullmatch(r".*/roles.py:\d+: NameError: name 'tupel' is not defined; this is an error .*\n", done.stderr)
