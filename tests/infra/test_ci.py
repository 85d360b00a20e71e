"""What only a run of a workflow shows: each job as it would begin, and the faults that no reading of the file finds."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.infra.hosted import Hosted, hosted
from tests.infra.onboarded import Onboarded
from tests.infra.reached import reached
from tests.support.project import render
from tests.workflows.documents import NotUnderstood

PROMOTE, TICK, READY = "workflows/promote.yml", "workflows/tick.yml", "actions/ready/action.yml"
CHECKED = "make infra-check AGAINST=origin/main"
ELSEWHERE = ("make lint", "make test", "make poison", "mlops run azureml/pipelines/train.yml", "make infra-test")
DEV, LOOK = ("release", "push", "promote/dev"), ("tick", "schedule", "tick")
SETUP = "make setup setup-azure infra-setup pulumi"
FAULTS = {
    "the job may ask for no login": (
        (PROMOTE, "      id-token: write # to sign in to Azure, where there is no secret\n", ""),
        (DEV, "azure/login", "its permissions lack `id-token: write`"),
    ),
    "the environment of another identity": (
        (PROMOTE, "    environment: dev\n", "    environment: staging\n"),
        (DEV, "azure/login", "AADSTS700213.*:environment:staging'"),
    ),
    "somebody else's client id": (
        (PROMOTE, "vars.AZURE_CLIENT_ID_DEPLOY_DEV", "vars.AZURE_CLIENT_ID_DEPLOY_PROD"),
        (DEV, "azure/login", "AADSTS700213.*:environment:dev'"),
    ),
    "nobody stored the client id": (
        (PROMOTE, "vars.AZURE_CLIENT_ID_DEPLOY_DEV", "vars.AZURE_CLIENT_ID"),
        (DEV, "azure/login", "a variable of the repository is missing"),
    ),
    "a command that is not there": (
        (PROMOTE, "run: make infra-preview STACK=dev", "run: make infra-previews STACK=dev"),
        (DEV, "make infra-previews STACK=dev", "No rule to make target 'infra-previews'"),
    ),
    "up without a preview": (
        (PROMOTE, "      - run: make infra-preview STACK=dev\n", ""),
        (DEV, "make infra-up STACK=dev YES=1", "no preview of these files has passed"),
    ),
    "no engine": (
        (PROMOTE, f"run: {SETUP}", f"run: {SETUP.removesuffix(' pulumi')}"),
        (DEV, "make infra-preview STACK=dev", "`pulumi` is not on the PATH"),
    ),
    "the state of nobody": (
        (PROMOTE, "      PULUMI_BACKEND_URL: ${{ vars.PULUMI_BACKEND_URL_DEV }}\n", ""),
        (DEV, "make infra-preview STACK=dev", "could not open the state of dev"),
    ),
    "a look as somebody who deploys": (
        (TICK, "environment: prod-operate", "environment: prod"),
        (LOOK, "azure/login", "AADSTS700213.*:environment:prod'"),
    ),
    "nobody stored the names of prod": (
        (TICK, "vars.MLOPS_ENV_PROD", "vars.MLOPS_ENV"),
        (LOOK, "mlops release tick --on prod", "the names of what prod has are not here"),
    ),
    "what reaches Azure is not installed": (
        (TICK, "run: make setup setup-azure", "run: make setup"),
        (LOOK, "mlops release tick --on prod", "Install it with: make setup-azure"),
    ),
    "commands that are not on the PATH": (
        (READY, '>> "$GITHUB_PATH"', ">> /dev/null"),
        (LOOK, "mlops release tick --on prod", "mlops: command not found"),
    ),
}
"""What is changed in which file; the job that fails then, at which step, and what it says."""


@pytest.fixture
def ci(up: Callable[[str], Onboarded], tmp_path: Path) -> Iterator[Hosted]:
    """Dev is up, and nothing else."""
    (tmp_path / "azure").mkdir()
    with reached(up("dev"), tmp_path / "azure") as there, hosted(there) as ci:
        ci.publish("dev")
        ci.variables["MLOPS_ENV_PROD"] = ci.variables["MLOPS_ENV_DEV"]
        ci.propose()
        yield ci


def test_a_change_is_previewed_as_who_may_look(ci: Hosted) -> None:
    pull = ci.harness("check", "pull_request")
    [name] = [each.name for each in pull.pipeline.jobs if each.logins == {ci.variables["AZURE_CLIENT_ID_READER_DEV"]}]
    ran = pull.run(name).ok()
    assert " unchanged\n" in ran.said and "in service   nothing yet" in ran.said
    pull.run("comment").ok()
    [comment] = ci.records.comments.values()
    assert re.search(r"\| \*\*dev\*\* \| nothing \| .* \| none violated \|", comment["body"]), comment["body"]


def test_by_night_who_may_look_compares_azure_with_the_files(ci: Hosted) -> None:
    watch = ci.harness("watch", "schedule")
    [name] = [each.name for each in watch.pipeline.jobs if each.logins == {ci.variables["AZURE_CLIENT_ID_READER_DEV"]}]
    ran = watch.run(name)
    drift, status = [each for each in ran.done if "infra-drift" in each.step.text or "--stale" in each.step.text]
    assert (drift.code, status.code) == (2, 0), ran.said
    assert "alert" in drift.said.lower(), "service.online of this project is another than when dev came up"


def test_a_change_is_checked_in_the_clone_that_a_job_has(ci: Hosted) -> None:
    """Its other commands are run by the tests that tests/workflows/test_elsewhere.py names."""
    ran = ci.harness("check", "pull_request").run("check", elsewhere=ELSEWHERE).ok()
    assert CHECKED in [each.step.text for each in ran.done]
    assert "no violations of the policies" in ran.said


@pytest.mark.long
def test_a_change_is_poisoned_in_the_clone_that_a_job_has(ci: Hosted) -> None:
    others = tuple(each for each in (*ELSEWHERE, CHECKED) if each != "make poison")
    ran = ci.harness("check", "pull_request").run("check", elsewhere=others).ok()
    assert "Every poison was refused by the gate that it was for." in ran.said


def test_a_workflow_that_is_wrong_fails_where_it_is_wrong(ci: Hosted) -> None:
    for name, ((file, old, new), ((workflow, event, job), step, said)) in FAULTS.items():
        place = ci.there.path / ".github" / file
        right = place.read_text()
        assert old in right, name
        place.write_text(right.replace(old, new, 1))
        ci.there.commit(name)
        ci.push()
        ended = ci.harness(workflow, event).run(job).refused()
        place.write_text(right)
        assert ended.step.name == step, (name, ended)
        assert re.search(said, ended.said, re.DOTALL), (name, ended.said)


def test_a_called_workflow_gets_no_more_than_its_caller_may_give(ci: Hosted) -> None:
    file = ci.there.path / ".github/workflows/release.yml"
    file.write_text(file.read_text().replace("      id-token: write", "      id-token: none"))
    with pytest.raises(NotUnderstood, match="asks for id-token: write, and its caller allows none"):
        ci.harness("release")


def test_azure_devops_signs_in_by_its_service_connections(ci: Hosted, tmp_path: Path) -> None:
    ci.in_azure_devops(render(tmp_path / "rendered", ci_system="azure-devops"))
    ci.propose()
    pull = ci.harness("check", "pull_request")
    ran = pull.run("preview_dev").ok()
    assert " unchanged\n" in ran.said and "in service   nothing yet" in ran.said

    assert "The comment: " in pull.run("comment").ok().said
    [thread] = ci.devops.threads.values()
    assert "| **dev** | nothing |" in thread["comments"][0]["content"]

    client, _ = ci.connections["dev-reader"]
    ci.connections["dev-reader"] = (client, ci.connections["dev-deploy"][1])
    assert "AADSTS700213" in pull.run("preview_dev").refused().said
    del ci.connections["dev-reader"]
    assert "there is no service connection dev-reader" in pull.run("preview_dev").refused().said
