"""Whatever we accept, the official client accepts."""

from pathlib import Path

import pytest

from tests.support.official_loader import failures
from tests.support.project import Project

EXAMPLES = Path(__file__).parent / "examples"
pytestmark = pytest.mark.network


def specs(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*.yml")) if "$schema:" in file.read_text()]


def test_every_spec_of_a_generated_project_loads_officially(reference: Project, azure_python: Path) -> None:
    files = specs(reference.path / "azureml")
    assert len(files) >= 8
    assert failures(azure_python, files) == {}


def test_every_example_of_these_tests_loads_officially(azure_python: Path) -> None:
    files = specs(EXAMPLES)
    assert len(files) >= 7
    assert failures(azure_python, files) == {}


def test_what_the_official_client_refuses_is_reported_with_its_file(azure_python: Path, tmp_path: Path) -> None:
    sound, broken = EXAMPLES / "jobs" / "command.yml", tmp_path / "broken.yml"
    broken.write_text((EXAMPLES / "environments" / "slim.yml").read_text().replace("name: slim", "nmae: slim"))
    found = failures(azure_python, [sound, broken])
    assert list(found) == [broken]
    assert "nmae" in found[broken]
