"""Every supported combination of answers gives a sound project."""

import itertools
import json
from pathlib import Path

import pytest

from tests.support.project import TEMPLATE, Project
from tests.support.soundness import problems

CHOICES = {
    name: choices
    for name, choices in json.loads((TEMPLATE / "cookiecutter.json").read_text()).items()
    if isinstance(choices, list) and not name.startswith("_")
}
COMBINATIONS = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]
CHECKS = {"github-actions": ".github/workflows/check.yml", "azure-devops": ".azuredevops/check.yml"}


def tracked(project: Project) -> set[str]:
    return set(project.git("ls-files").splitlines())


def test_the_questions_with_choices_are_the_ones_combined_here():
    assert set(CHOICES) == {"ci_system", "serving", "licence", "python_version"}


@pytest.mark.parametrize("answers", COMBINATIONS, ids=lambda answers: "-".join(answers.values()))
def test_a_combination_renders_a_sound_project(answers, render):
    project: Project = render(**answers)
    assert problems(project.path) == []
    assert project.git("status", "--porcelain") == ""

    files = tracked(project)
    assert {file for file in files if file in CHECKS.values()} == {CHECKS[answers["ci_system"]]}
    other = {".github", ".azuredevops"} - {Path(CHECKS[answers["ci_system"]]).parts[0]}
    assert not any(file.startswith(tuple(other)) for file in files)
    assert (project.path / ".python-version").read_text().strip() == answers["python_version"]


def test_each_licence_says_who_may_do_what(tmp_path, render):
    words = {"MIT": "Permission is hereby granted", "BSD-3-Clause": "Neither the name", "proprietary": "All rights"}
    for number, (licence, said) in enumerate(words.items()):
        project = render(licence=licence, project_slug=f"project-{number}", organisation='Fish & "Chips"')
        text = (project.path / "LICENSE").read_text()
        assert said in text
        assert 'Fish & "Chips"' in text


POISON = {
    "the name holds template syntax": lambda project: (project / "<% if %>x").touch(),
    "the folder is empty": lambda project: (project / "empty").mkdir(),
    "holds '<<'": lambda project: (project / "a.txt").write_text("<< x >>"),
    "holds 'cookiecutter'": lambda project: (project / "a.py").write_text('"""cookiecutter"""\n'),
    "a.py: does not parse": lambda project: (project / "a.py").write_text("def\n"),
    "a.yml: does not parse": lambda project: (project / "a.yml").write_text("a: [\n"),
    "a.toml: does not parse": lambda project: (project / "a.toml").write_text("a =\n"),
    "a.json: does not parse": lambda project: (project / "a.json").write_text("{,}\n"),
    "names an index": lambda project: (project / "requirements/a.txt").write_text("--index-url https://a.example\n"),
    "has no hash": lambda project: (project / "requirements/a.txt").write_text("numpy==2.0\n"),
    "ruff check": lambda project: (project / "src/a.py").write_text("import os\n"),
    "ruff format": lambda project: (project / "src/a.py").write_text("A = 'b'\n"),
}


@pytest.mark.parametrize("problem", POISON)
def test_a_project_that_is_not_sound_is_found_out(problem, project):
    POISON[problem](project.path)
    assert any(problem in found for found in problems(project.path))
