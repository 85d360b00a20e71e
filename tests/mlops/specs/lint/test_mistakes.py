"""One mistake at a time: found at its line, and nothing found where there is none."""

from pathlib import Path
from typing import Any

import pytest

from mlops.specs.lint.check import lint
from mlops.specs.load import Malformed
from tests.mlops.specs.lint.conftest import copy
from tests.mlops.specs.lint.mistakes import MISTAKES, Mistake
from tests.support.official_loader import failures
from tests.support.project import Project

PLACES: list[Any] = ["local", "dev", "staging", "prod"]

JOBS = ["pipelines/train.yml", *(f"more/pipelines/{name}.yml" for name in ("many", "fit", "tune", "alone"))]


def found(project: Path, on: Any = "dev"):
    return lint([project / "mlops.yaml", project / "azureml"], project, on)[1]


@pytest.mark.parametrize("on", PLACES)
def test_nothing_is_found_in_the_originals(specs: Project, on: Any) -> None:
    mistakes = [str(mistake) for mistake in found(specs.path, on)]
    assert [each for each in mistakes if "owner@example.org alone feeds data" not in each] == []
    assert len(mistakes) == (on == "prod")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found_at_its_line(specs: Project, mistake: Mistake) -> None:
    file, line = mistake.make(specs.path)
    said = found(specs.path, mistake.on)
    assert [each for each in said if (each.file, each.line) == (file, line) and mistake.says in each.what], said
    assert any(isinstance(each, Malformed) for each in said) == (mistake.status == 2)
    assert len(said) <= 3, said


def test_all_mistakes_are_found_at_once_in_order_and_each_once(specs: Project) -> None:
    names = ["a literal of the wrong type", "a code folder that does not exist", "an unknown setting"]
    made = {mistake.name: mistake.make(specs.path) for mistake in MISTAKES if mistake.name in names}
    said = found(specs.path)
    assert set(made.values()) <= {(each.file, each.line) for each in said}
    order = [(each.file, each.line, each.what) for each in said]
    assert order == sorted(set(order))


def test_what_follows_from_a_mistake_is_not_said(specs: Project) -> None:
    [gone] = [mistake for mistake in MISTAKES if mistake.name == "a component that does not exist"]
    file, line = gone.make(specs.path)
    text = file.read_text("utf-8").replace("../components/train.yml", "../components/trian.yml")
    file.write_text(text, "utf-8")
    assert [each.file for each in found(specs.path)] == [file, file]


def affected(file: str) -> set[str]:
    """What the official loader reads of a mistake: the file, and every job of its folder, as one may refer to it."""
    beside = {job for job in JOBS if Path(job).parents[1] == Path(file).parents[1]}
    return set() if file.startswith("..") else {file} if file in JOBS else {file, *beside}


def test_whatever_the_official_loader_refuses_is_refused(
    reference: Project, tmp_path: Path, azure_python: Path, record_property: Any
) -> None:
    files: dict[Path, Mistake] = {}
    for number, mistake in enumerate(MISTAKES):
        project = copy(reference, tmp_path / str(number)).path
        mistake.make(project)
        files |= {project / "azureml" / name: mistake for name in affected(mistake.file)}
    refused = {files[file] for file in failures(azure_python, files)}
    record_property("refused by the official loader", sorted(mistake.name for mistake in refused))
    assert 10 <= len(refused) < len(MISTAKES) / 2
    for mistake in refused:
        assert found(tmp_path / str(MISTAKES.index(mistake)), mistake.on), mistake.name
