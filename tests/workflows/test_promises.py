"""The workflows of each project do what they promise, in both CI systems alike; what does not is found, and why."""

import shutil
from pathlib import Path

import pytest

from tests.workflows.conftest import SERVINGS, SYSTEMS, Projects
from tests.workflows.documents import NotUnderstood
from tests.workflows.jobs import REASON, STACKS, begun, commands, jobs, pipelines
from tests.workflows.model import AZURE, GITHUB, Event, read
from tests.workflows.poisons import FAULTS
from tests.workflows.promises import exists, faults, whole

pytestmark = pytest.mark.xdist_group("workflows")

ONLINE, BATCH = SERVINGS


@pytest.mark.parametrize("serving", SERVINGS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_nothing_is_found_in_the_workflows_of_any_project(projects: Projects, system: str, serving: str):
    assert faults(projects[system, serving].path) == []


@pytest.mark.parametrize("serving", SERVINGS)
def test_both_systems_run_the_same_commands_in_the_same_order(projects: Projects, serving: str):
    one, other = (
        {place: [text for _, text in commands(job)] for place, job in jobs(projects[system, serving].path).items()}
        for system in SYSTEMS
    )
    assert one == other
    assert len(one) == (22 if serving == ONLINE else 21)


def test_what_serves_whole_files_only_has_no_ladder_to_look_at(projects: Projects):
    online, batch = (jobs(projects[GITHUB, serving].path) for serving in SERVINGS)
    assert set(online) - set(batch) == {("tick", "tick")}
    said = [text for _, text in commands(batch["release", "staging"])]
    assert said[-1] == "mlops release start this-change --input data/applications.parquet --on staging"
    said = [text for _, text in commands(online["release", "staging"])]
    assert said[-1] == 'mlops release promote this-change --reason "Passed its tests" --on staging'


def test_each_workflow_begins_by_what_it_is_for(projects: Projects):
    wanted = {
        "check": {"push", "pull_request"},
        "release": {"push"},
        "tick": {"schedule", "by hand"},
        "retrain": {"schedule", "by hand", "dispatch"},
        "watch": {"schedule", "by hand"},
        "rollback": {"by hand"},
        "destroy": {"by hand"},
    }
    for system in SYSTEMS:
        found = {name: each[0].triggers for name, each in pipelines(projects[system, ONLINE].path).items()}
        asked = {"by hand", "dispatch"} if system == AZURE else set()  # there each may be, and nothing has to say so
        assert {name: set(each) - asked for name, each in found.items()} == {
            name: each - asked for name, each in wanted.items()
        }
        main = {"branches": {"include": ["main"]}} if system == AZURE else {"branches": ["main"]}
        assert found["check"]["push"] == found["release"]["push"] == main


def test_the_python_of_the_answers_is_used_in_each_place(projects: Projects):
    path = projects[AZURE, ONLINE].path
    assert 'versionSpec: "3.12"' in (path / ".azuredevops/templates/ready.yml").read_text()
    assert "python:3.12" in (path / ".devcontainer/devcontainer.json").read_text()
    assert "FROM python:3.12-slim" in (path / "requirements/Dockerfile").read_text()
    assert 'requires-python = ">=3.12"' in (path / "pyproject.toml").read_text()


def test_a_request_from_a_fork_gets_no_login(projects: Projects):
    for system in SYSTEMS:
        [check] = pipelines(projects[system, ONLINE].path)["check"]
        assert {each for each in begun(check) if "preview" in each} == {f"preview_{each}" for each in STACKS}
        event = Event("pull_request", check.event.variables, fork=True)
        assert {*begun(read(projects[system, ONLINE].path, "check", event))} == {"check", "comment"}
        merged = Event("push", check.event.variables)
        assert {*begun(read(projects[system, ONLINE].path, "check", merged))} == {"check"}


def test_nothing_begins_a_destruction_but_the_whole_name(projects: Projects):
    def begins(system: str, what: str) -> set[str]:
        return {*begun(read(projects[system, ONLINE].path, "destroy", Event("by hand", {}, {"what": what})))}

    for said in ("dev", "income-support-triage-prod", "prod"):
        assert begins(GITHUB, said) == set()
        with pytest.raises(NotUnderstood, match="has no job for what was typed"):
            begins(AZURE, said)
    for system in SYSTEMS:
        assert begins(system, "income-support-triage-staging") == {"staging"}


def test_a_reason_brings_no_variable_of_the_agent_with_it(projects: Projects):
    def back(reason: str, to: str = "") -> set[str]:
        typed = {"environment": "prod", "reason": reason, "to": to}
        return {*begun(read(projects[AZURE, ONLINE].path, "rollback", Event("by hand", {}, typed)))}

    assert back(REASON) == {"prod"}
    for wrong in (("$(System.AccessToken)",), ("Slow", "$(System.AccessToken)")):
        with pytest.raises(NotUnderstood, match="has no job for what was typed"):
            back(*wrong)


def test_a_command_without_help_is_found(monkeypatch: pytest.MonkeyPatch):
    assert [*exists(["lint"])] == []
    monkeypatch.setattr(whole().commands["lint"], "help", None)
    assert [*exists(["lint"])] == ["`mlops lint --help` says nothing"]


@pytest.mark.parametrize(("fault", "system"), [(name, each) for name, (files, *_) in FAULTS.items() for each in files])
def test_a_fault_is_found_for_what_it_is(projects: Projects, tmp_path: Path, fault: str, system: str):
    files, right, wrong, said = FAULTS[fault]
    source, file = projects[system, ONLINE].path, tmp_path / files[system]
    folder = Path(files[system]).parts[0]
    shutil.copytree(source / folder, tmp_path / folder)
    shutil.copy(source / "Makefile", tmp_path)
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    found = faults(tmp_path)
    assert any(said in each for each in found), found
