"""`make infra-check` says in words what stands and what does not, and its status says which of them it was."""

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import check
import costs
import pytest
from record import Job, Recorded, configured

from mlops import files, settings
from mlops.errors import Misuse

SETTINGS = settings.load(check.HERE.parent / "mlops.yaml")
PRICES = costs.load()


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(changed: Callable[..., Path]) -> Path:
    """A committed copy of the project, as far as infrastructure goes."""
    folder = changed("dev", {}, {}).parent
    shutil.copytree(check.HERE.parent / "docs", folder / "docs")
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
    return check.one(now, SETTINGS, then, SETTINGS, PRICES)


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
    said = "\n".join(check.told(found := check.check(["dev"], "HEAD", project / "infra")))
    assert found["status"] == 2
    assert "Pulumi.dev.yaml: cannot be read" in said and "is missing; add it" not in said


def test_a_project_as_it_was_made_passes(project: Path) -> None:
    found = check.check(["dev"], "HEAD", project / "infra")
    said = "\n".join(check.told(found))
    assert found["status"] == 0
    assert "no violations of the policies" in said
    assert "Not onboarded yet" in said
    assert "Costs are what they were at HEAD." in said
    assert json.loads(files.as_json(found)) == json.loads(json.dumps(found))


def test_a_commit_that_is_not_there_is_said(project: Path) -> None:
    with check.committed(project / "infra", "elsewhere") as (folder, why):
        assert folder is None
        assert "Costs are not compared with elsewhere" in why


def test_a_rights_page_that_was_left_behind_refuses(project: Path) -> None:
    assert check.outdated(project / "infra") == ""
    edit(project / "docs" / "rights.md", "Who may do what", "Who may do anything")
    assert "make infra-rights" in check.outdated(project / "infra")


def test_a_change_shows_what_it_costs(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["a dearer dev"], recorded["dev"])
    assert {"registry Standard", "registry Premium"} <= {row[0] for row in found["costs"]["difference"]}
    assert "changed" in told(found)


def test_a_policy_refuses(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["a dearer dev"])
    assert found["status"] == 1
    assert "vmSize is Standard_NC24" in told(found)


def test_a_wrong_setting_is_named_at_its_line(recorded: Mapping[str, Recorded]) -> None:
    found = one(recorded["an open prod"])
    assert found["status"] == 2
    assert "Pulumi.prod.yaml:" in told(found) and "Traceback" not in told(found)


def test_a_mistake_in_the_program_is_a_failure(recorded: Mapping[str, Recorded]) -> None:
    found = one(dataclasses.replace(recorded["dev"], failed="Traceback of a mistake"))
    assert found["status"] == 3
    assert "Traceback of a mistake" in told(found)
