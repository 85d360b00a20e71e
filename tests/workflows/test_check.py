"""The check of pull requests does the same in both CI systems, and no more than it must."""

import re

import yaml

from tests.support.project import Project

STEPS = ["make setup", "make lint", "make test"]


def test_both_systems_run_the_commands_that_a_person_types(reference: Project, render):
    github = yaml.safe_load((reference.path / ".github/workflows/check.yml").read_text())
    steps = github["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == STEPS

    azure = yaml.safe_load((render(ci_system="azure-devops").path / ".azuredevops/check.yml").read_text())
    (job,) = azure["jobs"]
    assert [step["script"] for step in job["steps"] if "script" in step] == STEPS


def test_both_systems_check_pull_requests_and_main(reference: Project, render):
    github = yaml.load((reference.path / ".github/workflows/check.yml").read_text(), yaml.BaseLoader)
    assert set(github["on"]) == {"pull_request", "push"}
    assert github["on"]["push"] == {"branches": ["main"]}

    azure = yaml.safe_load((render(ci_system="azure-devops").path / ".azuredevops/check.yml").read_text())
    assert azure["trigger"] == azure["pr"] == {"branches": {"include": ["main"]}}


def test_actions_are_pinned_by_commit_and_the_token_only_reads(reference: Project):
    text = (reference.path / ".github/workflows/check.yml").read_text()
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used)
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert "persist-credentials: false" in text
    assert "secrets." not in text


def test_the_python_of_the_answers_is_used_in_each_place(render):
    project = render(ci_system="azure-devops", python_version="3.12")
    container = (project.path / ".devcontainer/devcontainer.json").read_text()
    assert 'versionSpec: "3.12"' in (project.path / ".azuredevops/check.yml").read_text()
    assert "python:3.12" in container
    assert "FROM python:3.12-slim" in (project.path / "requirements/Dockerfile").read_text()
    assert 'requires-python = ">=3.12"' in (project.path / "pyproject.toml").read_text()
