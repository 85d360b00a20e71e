"""The check of pull requests does the same in both CI systems, and no more than it must."""

import re

import pytest
import yaml

from tests.support.project import Project, render

pytestmark = pytest.mark.xdist_group("workflows")

STEPS = ["make setup", "make lint", "make test"]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(render(tmp_path_factory.mktemp("azure"), ci_system="azure-devops", python_version="3.12"))


def test_both_systems_run_the_commands_that_a_person_types(reference: Project, azure: Project):
    github = yaml.safe_load((reference.path / ".github/workflows/check.yml").read_text())
    steps = github["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == STEPS

    (job,) = yaml.safe_load((azure.path / ".azuredevops/check.yml").read_text())["jobs"]
    assert [step["script"] for step in job["steps"] if "script" in step] == STEPS


def test_both_systems_check_pull_requests_and_main(reference: Project, azure: Project):
    github = yaml.load((reference.path / ".github/workflows/check.yml").read_text(), yaml.BaseLoader)
    assert set(github["on"]) == {"pull_request", "push"}
    assert github["on"]["push"] == {"branches": ["main"]}

    check = yaml.safe_load((azure.path / ".azuredevops/check.yml").read_text())
    assert check["trigger"] == check["pr"] == {"branches": {"include": ["main"]}}


def test_actions_are_pinned_by_commit_and_the_token_only_reads(reference: Project):
    text = (reference.path / ".github/workflows/check.yml").read_text()
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used)
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert "persist-credentials: false" in text
    assert "secrets." not in text


def test_the_python_of_the_answers_is_used_in_each_place(azure: Project):
    container = (azure.path / ".devcontainer/devcontainer.json").read_text()
    assert 'versionSpec: "3.12"' in (azure.path / ".azuredevops/check.yml").read_text()
    assert "python:3.12" in container
    assert "FROM python:3.12-slim" in (azure.path / "requirements/Dockerfile").read_text()
    assert 'requires-python = ">=3.12"' in (azure.path / "pyproject.toml").read_text()
