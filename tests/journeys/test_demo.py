"""`make demo`: the whole story, as a person sees it; and that it fails where something does not turn out as told."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import TEMPLATE, Project, environment
from tools.demo.scenes import STORY
from tools.demo.stage import Act, Stage, Unexpected, Written

OWN = {".git", ".venv", ".cache", "__pycache__", ".ruff_cache", ".pytest_cache"}


def left_out(folder: str, names: list[str]) -> set[str]:
    """What a fresh clone does not have: `demo` of the first folder is somebody's, that of `tools` is not."""
    return OWN & {*names} | ({"demo"} if Path(folder) == TEMPLATE else set())


@pytest.mark.long
@pytest.mark.network
def test_the_story_turns_out_as_told(tmp_path: Path):
    clone = shutil.copytree(TEMPLATE, tmp_path / "template", ignore=left_out, symlinks=True)
    (clone / ".venv").symlink_to(TEMPLATE / ".venv")
    done = subprocess.run(
        ["make", "-o", ".venv/.synced", "demo"], cwd=clone, env=environment(), capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [project] = (clone / "demo").iterdir()
    told = [
        "refused by fairness: true_positive_rate",
        "registered income-support-triage:1",
        "registered income-support-triage:2",
        "champion: no guard shows anything",
        "registered income-support-triage:3",
        "rollback: shift",
        "all answered",
        "All of it turned out as told",
    ]
    places = [done.stdout.index(sentence) for sentence in told[:6]]
    assert places == sorted(places) and all(sentence in done.stdout for sentence in told), done.stdout
    assert max(map(len, done.stdout.splitlines())) < 200
    assert "none, nothing answers" in Project(project).mlops("release", "status").stdout
    again = subprocess.run(["make", "-o", ".venv/.synced", "demo"], cwd=clone, capture_output=True, encoding="utf-8")
    assert again.returncode and "holds models, changes or commits" in again.stdout


@pytest.fixture
def stage(reference: Project, tmp_path: Path) -> Stage:
    """Of the project that all tests share: nothing may be written there."""
    return Stage(reference.path, tmp_path / "said.txt")


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Stage:
    return Stage(project.path, tmp_path / "said.txt")


def test_of_a_command_is_shown_what_matters_and_all_is_kept(stage: Stage, capsys: pytest.CaptureFixture[str]):
    stage.play(Act("Why.", "printf 'a 1 x\\nb\\na 2\\na 3\\n'", says="b", shows=r"a \d", most=2))
    said = capsys.readouterr().out
    assert "Why.\n$ printf" in said and "  a 1\n  a 2\n  [1 more lines like these; 0 s]" in said
    assert "a 1 x\nb\na 2\na 3\n" in stage.log.read_text()


@pytest.mark.parametrize(
    "act",
    [Act("", "true", ends=1), Act("", "false"), Act("", "echo registered :2", says="registered :1")],
    ids=["not refused", "failed", "said otherwise"],
)
def test_what_does_not_turn_out_as_told_ends_the_story(stage: Stage, act: Act):
    with pytest.raises(Unexpected, match=f"Not as told: `{act.typed}` should end with status {act.ends}"):
        stage.play(act)


def test_callers_who_are_not_answered_end_the_story(own: Stage):
    python = own.project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\nPYTHONPATH={own.project / 'src'} exec {sys.executable} $@\n")
    python.chmod(0o755)
    with pytest.raises(Unexpected, match="every caller should have been answered"):
        own.play(Act("", "true", called=True))


def test_what_the_story_writes_into_mlops_yaml_is_taken(own: Stage):
    """And a ladder in it that sees what it promises."""
    for scene in STORY:
        for step in scene.steps:
            if isinstance(step, Written):
                own.play(step)
    project = Project(own.project)
    assert project.mlops("lint", "mlops.yaml").returncode == 0
    planned = project.mlops("release", "plan")
    assert planned.returncode == 0 and "50 % copied" in planned.stdout, planned.stderr
    with pytest.raises(Unexpected, match="has no line `nothing:`"):
        own.play(Written("", "mlops.yaml", "nothing:", "x: 1"))
