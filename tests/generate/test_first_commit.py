"""What a new project starts with: one commit where that is right, and a record of where it came from."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import project as support
from tests.support.project import TEMPLATE

SLUG = "income-support-triage"


@pytest.fixture
def generate(tmp_path: Path) -> Callable[..., str]:
    """Generate with an empty home folder, so without a git identity; gives what was printed."""
    (tmp_path / "home").mkdir()

    def run(output: Path, *options: str, template: Path = TEMPLATE, cwd: Path | None = None, **variables: str) -> str:
        done = support.generate(output, tmp_path / "home", *options, template=template, cwd=cwd, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def test_everything_is_in_one_commit_on_main_by_the_owner_when_git_knows_nobody(generate, tmp_path):
    said = generate(tmp_path)
    project = tmp_path / SLUG
    assert "first commit on branch main" in said
    assert git(project, "log", "--format=%an <%ae> %D") == "Example Agency <owner@example.org> HEAD -> main"
    assert git(project, "status", "--porcelain", "--ignored") == ""


def test_the_person_whom_git_knows_makes_the_commit(generate, tmp_path):
    (tmp_path / "home" / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    generate(tmp_path)
    assert git(tmp_path / SLUG, "log", "--format=%an <%ae>") == "Ada <ada@example.org>"


def test_hooks_ignores_and_signing_of_the_person_do_not_reach_the_first_commit(generate, tmp_path):
    home = tmp_path / "home"
    (home / "ignores").write_text("*.parquet\nsrc\n")
    (home / "hooks").mkdir()
    refuse = home / "hooks" / "pre-commit"
    refuse.write_text("#!/bin/sh\nexit 1\n")
    refuse.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\nexcludesFile = {home}/ignores\nhooksPath = {home}/hooks\n[commit]\ngpgsign = true\n"
    )
    assert "first commit" in generate(tmp_path)
    assert "src/mlops/__init__.py" in git(tmp_path / SLUG, "ls-files").splitlines()


def test_without_git_there_is_a_project_and_no_repository(generate, tmp_path):
    said = generate(tmp_path, PATH=str(tmp_path))
    assert "git is not installed" in said
    assert (tmp_path / SLUG / "README.md").is_file()
    assert not (tmp_path / SLUG / ".git").exists()


def test_a_terminal_that_cannot_show_the_name_does_not_matter(generate, tmp_path):
    settings = tmp_path / "settings.yml"
    settings.write_text('default_context: {project_name: "Été 🦊", project_slug: income-support-triage}\n')
    said = generate(tmp_path, PYTHONIOENCODING="ascii", COOKIECUTTER_CONFIG=str(settings))
    assert "first commit" in said


def test_inside_another_repository_nothing_is_committed(generate, tmp_path):
    git(tmp_path, "init", "--quiet")
    said = generate(tmp_path)
    assert "in a repository already" in said
    assert not (tmp_path / SLUG / ".git").exists()


def test_generating_again_over_a_project_leaves_its_history_to_the_person(generate, tmp_path):
    generate(tmp_path)
    project = tmp_path / SLUG
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    said = generate(tmp_path, "--overwrite-if-exists")
    assert "in a repository already" in said
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before
    assert git(project, "rev-list", "--count", "HEAD") == "1"


def test_in_a_folder_that_the_other_repository_ignores_the_project_has_its_own(generate, tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("/demo/\n")
    assert "first commit" in generate(tmp_path / "demo")
    assert (tmp_path / "demo" / SLUG / ".git").is_dir()


def test_the_next_steps_are_commands_that_exist(generate, tmp_path):
    said = generate(tmp_path)
    makefile = (tmp_path / SLUG / "Makefile").read_text()
    targets = [line.split()[1] for line in said.splitlines() if line.startswith("  make ")]
    assert targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_answers_version_and_commit_of_the_template_are_recorded(generate, tmp_path):
    left_out = shutil.ignore_patterns(".git", ".venv", ".cache", "__pycache__", "demo")
    template = shutil.copytree(TEMPLATE, tmp_path / "template", ignore=left_out)
    generate(tmp_path / "loose", template=template)
    assert json.loads((tmp_path / "loose" / SLUG / ".template.json").read_text())["commit"] is None

    git(template, "init", "--quiet")
    git(template, "add", "--all")
    git(template, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=Template")
    generate(tmp_path / "clean", template=template)
    record = json.loads((tmp_path / "clean" / SLUG / ".template.json").read_text())
    questions = json.loads((TEMPLATE / "cookiecutter.json").read_text())
    assert record["commit"] == git(template, "rev-parse", "HEAD")
    assert record["version"] == questions["_version"]
    assert set(record["answers"]) == {name for name in questions if not name.startswith("_")}

    for number, (cwd, name) in enumerate([(tmp_path, "template"), (tmp_path, "./template"), (template, ".")]):
        generate(tmp_path / str(number), template=Path(name), cwd=cwd)
        again = json.loads((tmp_path / str(number) / SLUG / ".template.json").read_text())
        assert again["commit"] == record["commit"]

    (template / "CHANGELOG.md").write_text("changed\n")
    generate(tmp_path / "dirty", template=template)
    dirty = json.loads((tmp_path / "dirty" / SLUG / ".template.json").read_text())
    assert dirty["commit"] == f"{record['commit']}-dirty"
