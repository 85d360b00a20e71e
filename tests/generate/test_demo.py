"""`make demo` is one command on a fresh clone, and takes nothing away that somebody made there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import TEMPLATE, Project


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The Makefile, and a cookiecutter that only says that it was asked."""
    shutil.copy(TEMPLATE / "Makefile", tmp_path)
    tool = tmp_path / ".venv" / "bin" / "cookiecutter"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho it generates\nexit 1\n")
    tool.chmod(0o755)
    return tmp_path


def demo(clone: Path, *words: str) -> str:
    return subprocess.run(
        ["make", "-o", ".venv/.synced", "demo", *words], cwd=clone, capture_output=True, text=True
    ).stdout


def test_it_begins_at_once_where_there_is_nothing_of_anybody(clone: Path, reference: Project):
    assert "it generates" in demo(clone)
    shutil.copytree(reference.path, clone / "demo" / "triage", symlinks=True)
    assert "it generates" in demo(clone)


@pytest.mark.parametrize("what", ["model", "change", "commit"])
def test_what_somebody_made_is_kept_until_he_says_again(clone: Path, reference: Project, what: str):
    made = shutil.copytree(reference.path, clone / "demo" / "triage", symlinks=True)
    if what == "model":
        (made / ".mlops" / "models" / "triage").mkdir(parents=True)
    else:
        (made / "mlops.yaml").write_text("another\n")
    if what == "commit":
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, "commit", "--quiet", "--all", "--message=Mine"], cwd=made, check=True)
    said = demo(clone)
    assert "demo/triage holds models, changes or commits" in said and "it generates" not in said
    assert (made / "mlops.yaml").exists()
    assert "it generates" in demo(clone, "AGAIN=1") and not made.exists()
