"""What a build statement says of the code, and of what did not come from committed files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops import digest, settings
from mlops.evidence import build
from mlops.evidence.git import merged, person
from tests.support.project import Project

PACKAGE = "src/income_support_triage"


def system(project: Project) -> dict[str, str]:
    return build.system(project.path, settings.load(project.path / "mlops.yaml"))


def edited(name: str, old: str, new: str) -> Callable[[Project], Any]:
    def edit(project: Project) -> None:
        file = project.path / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return edit


def gate_of_ones_own(project: Project) -> None:
    (project.path / PACKAGE / "gates").mkdir()
    (project.path / PACKAGE / "gates" / "ours.py").write_text("id = 'ours'\n")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (edited(f"{PACKAGE}/contract.py", "import", "import "), {"contract"}),
        (edited(f"{PACKAGE}/features.py", '"""', '""" '), {"features"}),
        (edited("mlops.yaml", "auc: 0.9", "auc: 0.8"), {"limits"}),
        (gate_of_ones_own, {"limits"}),
        (edited("mlops.yaml", "go: 900", "go: 901"), {"purpose"}),
        (edited("mlops.yaml", "purpose: Order", "purpose: Guess"), {"purpose"}),
        (edited("mlops.yaml", "test_share: 0.2", "test_share: 0.3"), set()),
        (lambda project: (project.path / "data" / "applications.parquet").write_bytes(b"new"), set()),
    ],
)
def test_a_sign_off_is_about_contract_features_limits_and_purpose(project: Project, change: Any, names: set[str]):
    before = system(project)
    change(project)
    assert {name for name, sha in system(project).items() if before[name] != sha} == names


def test_inputs_that_no_committed_file_holds_are_named(project: Project, tmp_path: Path):
    """`code` is the project as it was at the run; the data is a version, and where it ran is nobody's choice."""
    code = project.copy(tmp_path / "code").path
    other = tmp_path / "other.yaml"
    other.write_text("schema: 1")

    def read(path: Path, version: str | None = None) -> dict[str, Any]:
        return {"path": str(path), "digest": digest.of_path(path), "version": version}

    record: dict[str, Any] = {
        "file": str(project.path / "azureml/pipelines/train.yml"),
        "parameters": {"seed": "7", "rounds": "200", "check_reproducible": "True", "environment": "dev"},
        "data": {
            "settings": read(project.path / "mlops.yaml"),
            "responsible_ai": read(project.path / "responsible_ai"),
            "applications": read(other, "applications:1"),
        },
    }
    assert build.uncommitted(record, code, project.path) == []
    record["parameters"] |= {"rounds": "40", "made_up": "1"}
    record["data"]["settings"] = read(other)
    (code / "responsible_ai" / "waivers.yaml").write_text("waivers: []\n# changed\n")
    expected = ["made_up", "responsible_ai", "rounds", "settings"]
    assert build.uncommitted(record, code, project.path) == expected
    champion = tmp_path / "champion"
    champion.write_text("a model")
    record["data"]["gate.champion"] = read(champion)
    assert build.uncommitted(record, code, project.path) == sorted(["gate.champion", *expected])
    assert build.uncommitted(record, code, project.path, [digest.of_path(champion)]) == expected
    del record["data"]["gate.champion"]
    record["file"] = str(other)
    assert build.uncommitted(record, code, project.path) == sorted([*expected, "seed", "check_reproducible"])


def test_a_commit_is_merged_when_the_branch_of_origin_has_it(project: Project, monkeypatch: pytest.MonkeyPatch):
    first = project.git("rev-parse", "HEAD")
    (project.path / "more.txt").write_text("more")
    project.git("add", "more.txt")
    project.git("commit", "-m", "more")
    second = project.git("rev-parse", "HEAD")
    assert merged(project.path, second, "main")
    assert not merged(project.path, "0" * 40, "main")
    project.git("update-ref", "refs/remotes/origin/main", first)
    assert merged(project.path, first, "main") and not merged(project.path, second, "main")


def test_a_person_is_who_git_says(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "someone@example.org")
    assert person(project.path) == "someone@example.org"
