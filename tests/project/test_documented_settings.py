"""What the pages of a project show of mlops.yaml can be written into it as it stands."""

from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from mlops import settings
from mlops.release.settings import Release
from mlops.specs.lint.check import lint
from tests.support.project import Project


def blocks(project: Project, page: str) -> list[dict[str, Any]]:
    text = (project.path / "docs" / page).read_text(encoding="utf-8")
    return [yaml.safe_load(token.content) for token in MarkdownIt().parse(text) if token.info == "yaml"]


@pytest.mark.parametrize(
    ("page", "section"), [("gates.md", "gates"), ("release.md", "gates"), ("release-decisions.md", "release")]
)
def test_what_a_page_shows_is_taken(project: Project, page: str, section: str):
    [shown] = [block[section] for block in blocks(project, page) if section in block]
    file = project.path / "mlops.yaml"
    known = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(known | {section: known.get(section, {}) | shown}), encoding="utf-8")
    assert lint([file], project.path)[1] == []
    written = settings.load(file)
    assert section == "release" or shown.items() <= written.gates.items()


def test_the_ladder_that_is_shown_is_the_one_that_holds(reference: Project):
    [shown] = [block["release"] for block in blocks(reference, "release-decisions.md") if "release" in block]
    assert Release.model_validate(shown) == Release() and shown.keys() == Release.model_fields.keys()
