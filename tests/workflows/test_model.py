"""The model reads what both CI systems would do, and refuses what it does not know, or they would, in a sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows.expressions import NotUnderstood, evaluate, fill, holds
from tests.workflows.model import Event, Pipeline, read

KNOWN = {
    "vars": {"RUNNER_DEV": "", "CLIENT_DEV": "abc"},
    "github": {"event_name": "push", "event": {"pull_request": {"head": {"repo": None}}}},
    "variables": {"Build.Reason": "PullRequest"},
    "matrix": {"stack": "dev"},
}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("vars.RUNNER_DEV || 'ubuntu-24.04'", "ubuntu-24.04"),
        ("vars[format('CLIENT_{0}', matrix.stack)]", "abc"),
        ("github.event_name == 'PUSH' && !(1 == 2)", True),
        ("github.event.pull_request.head.repo.full_name == null", True),
        ("and(succeeded(), ne(variables['Build.Reason'], 'Manual'))", True),
        ("in(variables['build.reason'], 'Manual', 'PullRequest')", True),
        ("'it''s'", "it's"),
    ],
)
def test_expressions_of_both_systems_have_their_value(said: str, value: object) -> None:
    assert evaluate(said, KNOWN) == value


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("secrets.TOKEN", "there is no `secrets` here, only vars"),
        ("vars.A ||", "ends too early"),
        ("vars.A 'b'", "nothing is expected at"),
        ("unheard(1)", "the function `unheard` is not known"),
        ("vars.A ~ 1", "cannot be read from '~ 1' on"),
    ],
)
def test_expressions_that_are_none_are_refused(said: str, sentence: str) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        evaluate(said, KNOWN)


def test_a_condition_that_asks_nothing_of_those_before_wants_success() -> None:
    assert fill("on ${{ matrix.stack }}", KNOWN) == "on dev"
    said = [holds(each, KNOWN, "failure") for each in ("", "1 == 1", "${{ always() }}", "failure()", "!cancelled()")]
    assert said == [False, False, True, True, True]


READY = {
    "name": "ready",
    "description": "d",
    "inputs": {"what": {"default": "there"}},
    "runs": {"using": "composite", "steps": [{"run": "echo ${{ inputs.what }}", "shell": "bash"}]},
}
CALLED: dict[str, Any] = {
    "on": {"workflow_call": {"inputs": {"stack": {"type": "string", "required": True}}}},
    "jobs": {
        "up": {
            "runs-on": "ubuntu-24.04",
            "environment": "${{ inputs.stack }}",
            "permissions": {"contents": "read", "id-token": "write"},
            "steps": [
                {"uses": "./.github/actions/ready"},
                {"uses": "azure/login@1", "with": {"client-id": "${{ vars.CLIENT }}"}},
                {"run": "make up STACK=$STACK", "env": {"STACK": "${{ inputs.stack }}"}},
            ],
        },
        "look": {"needs": "up", "runs-on": "ubuntu-24.04", "steps": [{"run": "make look"}]},
    },
}
CALLER: dict[str, Any] = {
    "on": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
    "permissions": {},
    "jobs": {
        "first": {
            "strategy": {"matrix": {"stack": ["dev", "prod"]}},
            "uses": "./.github/workflows/called.yml",
            "with": {"stack": "${{ matrix.stack }}"},
            "permissions": {"contents": "read", "id-token": "write"},
        },
        "last": {
            "needs": ["first"],
            "if": "${{ !cancelled() }}",
            "runs-on": "ubuntu-24.04",
            "steps": [{"run": "make last"}],
        },
    },
}


def github(folder: Path, changes: tuple[str, str] | None = None) -> Pipeline:
    """The three files, one text in them replaced by another."""
    for name, document in (
        ("workflows/caller", CALLER),
        ("workflows/called", CALLED),
        ("actions/ready/action", READY),
    ):
        file = folder / ".github" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(document, sort_keys=False)
        file.write_text(text.replace(*changes) if changes else text)
    return read(folder, "caller", Event("push", {"CLIENT": "abc"}))


def test_reusable_workflows_matrices_and_actions_are_put_in_their_places(tmp_path: Path) -> None:
    found = github(tmp_path)
    names = ("first/dev/up", "first/prod/up", "first/dev/look", "first/prod/look", "last")
    assert tuple(each.name for each in found.jobs) == names
    up, last = found.job("first/prod/up"), found.job("last")
    assert (up.environment, up.logins, up.permissions["id-token"]) == ("prod", {"abc"}, "write")
    assert up.commands == ["echo there", "make up STACK=$STACK"] and up.steps[-1].env["STACK"] == "prod"
    assert set(last.needs) == {each.name for each in found.jobs} - {"last"}
    assert last.permissions == {} and found.job("first/dev/look").permissions == {
        "contents": "read",
        "id-token": "write",
    }
    assert last.begins(dict.fromkeys(last.needs, "failure"))
    assert not found.job("first/dev/look").begins({"first/dev/up": "failure"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            ("      contents: read\n      id-token: write\n  last", "      contents: read\n  last"),
            "its caller allows none",
        ),
        (("inputs.what", "vars.WHAT"), "there is no `vars` here, only github"),
        (("shell: bash", "id: x"), "needs a `shell`"),
        (("azure/login@1", "somebody/else@1"), "the action somebody/else is not known here"),
        (("client-id", "creds"), "`creds` is not known here"),
        (("run: make look", "run: make look\n      continue-on-error: true"), "lets a failure pass"),
        (("run: make look", "run: make look\n    container: x"), "`container` is not known here"),
        (("    with:\n      stack: ${{ matrix.stack }}\n", ""), "the input `stack` is required"),
        (("needs: up", "needs: down"), "which never comes to be"),
    ],
)
def test_what_github_would_refuse_or_the_model_does_not_know_is_said(
    tmp_path: Path, changes: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        github(tmp_path, changes)


STEPS = """
parameters:
  - name: stack
    type: string
  - name: run
    type: object
    default: []
steps:
  - ${{ each command in parameters.run }}:
      - task: AzureCLI@2
        inputs:
          azureSubscription: ${{ parameters.stack }}-deploy
          scriptType: bash
          scriptLocation: inlineScript
          inlineScript: ${{ command }}
        env:
          PLACE: $(PLACE_${{ upper(parameters.stack) }})
          ${{ if eq(parameters.stack, 'prod') }}:
            TOKEN: $(System.AccessToken)
"""
PIPELINE = """
trigger: {branches: {include: [main]}}
pr: none
variables:
  - group: mlops
  - {name: RUNNER_PROD, value: in-prod}
stages:
  - ${{ each stack in split('dev,prod', ',') }}:
      - stage: ${{ stack }}
        jobs:
          - deployment: up
            environment: ${{ stack }}
            pool: {name: "${{ variables.RUNNER_PROD }}"}
            strategy:
              runOnce:
                deploy:
                  steps:
                    - checkout: self
                    - template: templates/steps.yml
                      parameters: {stack: "${{ stack }}", run: [make up, make look]}
          - job: last
            pool: {vmImage: ubuntu-24.04}
            dependsOn: up
            condition: succeededOrFailed()
            steps:
              - script: make last
"""


def devops(folder: Path, changes: tuple[str, str] | None = None) -> Pipeline:
    for name, text in (("release", PIPELINE), ("templates/steps", STEPS)):
        file = folder / ".azuredevops" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(*changes) if changes else text)
    return read(folder, "release", Event("push", {"PLACE_DEV": "here", "PLACE_PROD": "there"}))


def test_stages_templates_and_variables_are_put_in_their_places(tmp_path: Path) -> None:
    found = devops(tmp_path)
    assert [each.name for each in found.jobs] == ["dev/up", "dev/last", "prod/up", "prod/last"]
    up, last = found.job("prod/up"), found.job("dev/last")
    assert (up.environment, up.runner, up.logins) == ("prod", "in-prod", {"prod-deploy"})
    assert set(up.needs) == {"dev/up", "dev/last"} and last.needs == ("dev/up",)
    assert up.commands == ["make up", "make look"]
    assert (up.steps[-1].env["PLACE"], up.steps[-1].env["TOKEN"]) == ("there", "a-token")
    assert "TOKEN" not in found.job("dev/up").steps[-1].env
    assert [each.kind for each in last.steps] == ["checkout", "command"], "a job checks out by itself"
    assert last.begins({"dev/up": "failure"}) and not up.begins({"dev/up": "failure", "dev/last": "success"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            ("- script: make last", "- script: |\n                  make last\n                  make more"),
            "only the last line",
        ),
        (("AzureCLI@2", "Bash@3"), "the task Bash@3 is not known here"),
        (("azureSubscription: ${{ parameters.stack }}-deploy", "azureSubscription: ''"), "names no service connection"),
        (('{stack: "${{ stack }}", run', "{run"), "the parameter `stack` is required"),
        (('{stack: "${{ stack }}", run', '{stacks: "${{ stack }}", run'), "`stacks` is not known here"),
        (
            ("- script: make last", "- script: make last\n                continueOnError: true"),
            "`continueOnError` is not",
        ),
        (("group: mlops", "group: others"), "the variables {'group': 'others'} are not known here"),
        (("dependsOn: up", "dependsOn: down"), "which never comes to be"),
    ],
)
def test_what_azure_devops_would_refuse_or_the_model_does_not_know_is_said(
    tmp_path: Path, changes: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        devops(tmp_path, changes)
