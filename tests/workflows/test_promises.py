"""The workflows of each project do what they promise, in both CI systems alike; what does not is found, and why."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.workflows.conftest import SERVINGS, SYSTEMS
from tests.workflows.expressions import NotUnderstood
from tests.workflows.model import Event, read
from tests.workflows.promises import AZURE, GITHUB, REASON, begun, commands, faults, jobs, pipelines

pytestmark = pytest.mark.xdist_group("workflows")

Projects = Mapping[tuple[str, str], Project]
ONLINE, BATCH = SERVINGS
PROMOTE = {GITHUB: ".github/workflows/promote.yml", AZURE: ".azuredevops/templates/promote.yml"}
CHECK = {GITHUB: ".github/workflows/check.yml", AZURE: ".azuredevops/check.yml"}
AS, ROLLBACK = ".azuredevops/templates/as.yml", ".github/workflows/rollback.yml"
TICK, WATCH = ".github/workflows/tick.yml", ".github/workflows/watch.yml"


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
        assert "'branches': {'include': ['main']}" in str(found) if system == AZURE else "['main']" in str(found)


def test_the_python_of_the_answers_is_used_in_each_place(projects: Projects):
    path = projects[AZURE, ONLINE].path
    assert 'versionSpec: "3.12"' in (path / ".azuredevops/templates/ready.yml").read_text()
    assert "python:3.12" in (path / ".devcontainer/devcontainer.json").read_text()
    assert "FROM python:3.12-slim" in (path / "requirements/Dockerfile").read_text()
    assert 'requires-python = ">=3.12"' in (path / "pyproject.toml").read_text()


def test_a_request_from_a_fork_gets_no_login(projects: Projects):
    for system in SYSTEMS:
        [check] = pipelines(projects[system, ONLINE].path)["check"]
        assert {each for each in begun(check) if "preview" in each} == {
            "preview_dev", "preview_staging", "preview_prod",
        }  # fmt: skip
        event = Event("pull_request", check.event.variables, fork=True)
        assert {*begun(read(projects[system, ONLINE].path, "check", event))} == {"check", "comment"}
        merged = Event("push", check.event.variables)
        assert {*begun(read(projects[system, ONLINE].path, "check", merged))} == {"check"}


def test_nothing_begins_a_destruction_but_the_whole_name(projects: Projects):
    def begins(system: str, what: str) -> set[str]:
        return {*begun(read(projects[system, ONLINE].path, "destroy", Event("by hand", {}, {"what": what})))}

    for said in ("dev", "income-support-triage-prod", "prod"):
        assert begins(GITHUB, said) == set()
        with pytest.raises((NotUnderstood, KeyError)):  # Azure DevOps begins no pipeline without a job
            begins(AZURE, said)
    assert (
        begins(GITHUB, "income-support-triage-staging") == begins(AZURE, "income-support-triage-staging") == {"staging"}
    )


def test_a_reason_brings_no_variable_of_the_agent_with_it(projects: Projects):
    def back(reason: str, to: str = "") -> set[str]:
        typed = {"environment": "prod", "reason": reason, "to": to}
        return {*begun(read(projects[AZURE, ONLINE].path, "rollback", Event("by hand", {}, typed)))}

    assert back(REASON) == {"prod"}
    for wrong in (("$(System.AccessToken)",), ("Slow", "$(System.AccessToken)")):
        assert back(*wrong) == set()  # Azure DevOps begins no pipeline without a job


FAULTS = {
    "a command is renamed": (PROMOTE, "mlops env build", "mlops env make", "there is no command `mlops env make`"),
    "an option is not there": (
        PROMOTE,
        "train.yml --on dev --register",
        "train.yml --on dev --publish",
        "no --publish",
    ),
    "a target is renamed": (PROMOTE, "make infra-up STACK=prod", "make infra-apply STACK=prod", "no `infra-apply`"),
    "a step with two commands": (PROMOTE, "mlops env sync dev", "mlops env sync dev && date", "more than one command"),
    "no permission to ask for a login": (
        {GITHUB: TICK},
        "      id-token: write # to sign in to Azure, where there is no secret\n",
        "",
        "tick/tick: `id-token: write` belongs to jobs that sign in",
    ),
    "prod is in an environment without approval": (
        {GITHUB: PROMOTE[GITHUB], AZURE: PROMOTE[AZURE]},
        "environment: prod #",
        "environment: prod-operate #",
        "release/prod: its environment is `prod-operate`",
    ),
    "nobody's approval is signed": (
        {GITHUB: PROMOTE[GITHUB]},
        "mlops release approve this-change --on prod",
        "mlops release plan",
        "release/prod: nothing is released before it is approved",
    ),
    "prod is changed first": (
        PROMOTE,
        "mlops ci approved --on prod",
        "mlops lint",
        "release/prod: prod is changed before it is known who approved",
    ),
    "something goes without its environment": (
        {AZURE: ".azuredevops/destroy.yml"},
        "            environment: staging\n",
        "",
        "destroy/staging: its environment is ``, not `staging`",
    ),
    "a way back as somebody else": (
        {GITHUB: ROLLBACK},
        "vars.AZURE_CLIENT_ID_DEPLOY_STAGING",
        "vars.AZURE_CLIENT_ID_DEPLOY_DEV",
        "rollback/staging: it signs in as dev-deploy, not as staging-deploy",
    ),
    "a way back by another connection": (
        {AZURE: ".azuredevops/rollback.yml"},
        "stack: dev\n              identity: deploy",
        "stack: dev\n              identity: operate",
        "rollback/dev: it signs in as dev-operate, not as dev-deploy",
    ),
    "prod on a machine of everybody": (
        {GITHUB: TICK, AZURE: ".azuredevops/tick.yml"},
        "RUNNER_PROD",
        "RUNNER_DEV",
        "tick/tick: it runs on ubuntu-24.04",
    ),
    "something goes beside a release": (
        {AZURE: ".azuredevops/destroy.yml"},
        "        lockBehavior: sequential # as in promote.yml: one run at a time has an environment\n",
        "",
        "destroy.yml: another run may cancel the stage dev, or run beside it",
    ),
    "what is older goes to prod after what is newer": (
        {AZURE: PROMOTE[AZURE]},
        "lockBehavior: runLatest",
        "lockBehavior: sequential",
        "in the stage prod an older run may follow a newer one",
    ),
    "prod does not wait for staging": (
        {GITHUB: PROMOTE[GITHUB]},
        "needs: staging",
        "needs: dev",
        "release/prod: it waits for ['dev'], not for staging",
    ),
    "prod does not wait for staging there": (
        {AZURE: PROMOTE[AZURE]},
        "  - stage: prod\n",
        "  - stage: prod\n    dependsOn: dev\n",
        "release/prod: it waits for ['dev'], not for staging",
    ),
    "an action that somebody else can change": (
        {GITHUB: ".github/actions/ready/action.yml"},
        "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
        "actions/cache@v5",
        "action.yml: `uses: actions/cache@v5` is pinned by no commit",
    ),
    "a secret": (
        {GITHUB: TICK},
        "${{ vars.AZURE_TENANT_ID }}",
        "${{ secrets.AZURE_TENANT_ID }}",
        "tick.yml: it uses a secret",
    ),
    "a release is cancelled half-way": (
        {GITHUB: PROMOTE[GITHUB]},
        "group: staging\n      cancel-in-progress: false",
        "group: staging\n      cancel-in-progress: true",
        "release/staging: it is cancelled half-way",
    ),
    "a release is cancelled by the next one": (
        {AZURE: PROMOTE[AZURE]},
        "  - stage: staging\n    lockBehavior: sequential\n",
        "  - stage: staging\n    lockBehavior: runLatest\n",
        "another run may cancel the stage staging",
    ),
    "what a person typed becomes part of a script": (
        {GITHUB: ROLLBACK, AZURE: ".azuredevops/templates/rollback.yml"},
        '--reason "$REASON"',
        '--reason "REASON_OF_THE_SYSTEM"',
        "is put into a script as text",
    ),
    "the wrong identity": (
        {GITHUB: PROMOTE[GITHUB]},
        "AZURE_CLIENT_ID: ${{ vars.AZURE_CLIENT_ID_DEPLOY_STAGING }}",
        "AZURE_CLIENT_ID: ${{ vars.AZURE_CLIENT_ID_DEPLOY_PROD }}",
        "release/staging: it signs in as prod-deploy, not as staging-deploy",
    ),
    "the wrong connection": (
        {AZURE: ".azuredevops/tick.yml"},
        "identity: operate",
        "identity: deploy",
        "tick/tick: it signs in as prod-deploy, not as prod-operate",
    ),
    "staging builds": (PROMOTE, "mlops env sync staging", "mlops env build --on staging", "which only dev does"),
    "a token that may more than it needs": (
        {GITHUB: WATCH},
        "    permissions:\n      contents: read # to check out\n    steps:",
        "    permissions:\n      contents: write # why not\n    steps:",
        "watch/project: its token may {'contents': 'write'}",
    ),
    "no limit of time": ({GITHUB: TICK}, "    timeout-minutes: 30\n", "", "tick/tick: it may take 360 minutes"),
    "what nobody reviewed runs in the network": (
        {GITHUB: ".github/workflows/preview.yml"},
        "runs-on: ubuntu-24.04",
        "runs-on: ${{ vars.RUNNER_PROD }}",
        "what nobody has reviewed runs inside a network",
    ),
    "what nobody reviewed runs in the network there": (
        {AZURE: CHECK[AZURE]},
        "  vmImage: ubuntu-24.04 # never",
        "  name: ${{ variables.RUNNER_PROD }} # never",
        "what nobody has reviewed runs inside a network",
    ),
    "history is missing": (
        {GITHUB: PROMOTE[GITHUB], AZURE: ".azuredevops/templates/ready.yml"},
        "0",
        "",
        "without the history",
    ),
}
"""The files, what stands there, what stands there instead, and what is found."""
IN_A_SCRIPT = {GITHUB: "${{ inputs.reason }}", AZURE: "${{ parameters.reason }}"}
DEPTH = {GITHUB: ("fetch-depth: 0", "fetch-depth: 1"), AZURE: ('fetchDepth: "0"', 'fetchDepth: "1"')}


@pytest.mark.parametrize(("fault", "system"), [(name, each) for name, (files, *_) in FAULTS.items() for each in files])
def test_a_fault_is_found_for_what_it_is(projects: Projects, tmp_path: Path, fault: str, system: str):
    files, right, wrong, said = FAULTS[fault]
    if fault == "history is missing":
        right, wrong = DEPTH[system]
    wrong = wrong.replace("REASON_OF_THE_SYSTEM", IN_A_SCRIPT[system])
    source, file = projects[system, ONLINE].path, tmp_path / files[system]
    folder = Path(files[system]).parts[0]
    shutil.copytree(source / folder, tmp_path / folder)
    shutil.copy(source / "Makefile", tmp_path)
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    found = faults(tmp_path)
    assert any(said in each for each in found), found
