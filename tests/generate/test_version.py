"""The template has one version, and it is said to be the same in each place."""

import json
import tomllib

from tests.support.project import TEMPLATE


def test_questions_package_and_changes_name_the_same_version():
    version = json.loads((TEMPLATE / "cookiecutter.json").read_text())["_version"]
    assert tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]["version"] == version
    headings = [line for line in (TEMPLATE / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].split()[1] == version
