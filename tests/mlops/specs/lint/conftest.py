"""The reference project with more specs: every kind of job and component that the linter knows by field."""

import shutil
from pathlib import Path

import pytest

from tests.support.project import Project

MORE = Path(__file__).parent / "more"


@pytest.fixture
def specs(reference: Project, tmp_path: Path) -> Project:
    """A copy of what the linter looks at; data is linked."""
    return copy(reference, tmp_path / "project")


def copy(reference: Project, to: Path) -> Project:
    for part in ("azureml", "src", "requirements", "responsible_ai"):
        shutil.copytree(reference.path / part, to / part)
    shutil.copytree(MORE, to / "azureml" / "more")
    for file in ("mlops.yaml", ".amlignore"):
        shutil.copy(reference.path / file, to)
    (to / "data").symlink_to(reference.path / "data")
    return Project(to)


def change(project: Project, file: Path | str, old: str, new: str) -> None:
    """Write another text in place of the first that is such."""
    text = (project.path / file).read_text("utf-8")
    assert old in text
    (project.path / file).write_text(text.replace(old, new, 1), "utf-8")
