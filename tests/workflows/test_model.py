"""The model reads what both CI systems would do, and refuses what it does not know, or they would, in a sentence."""

import shutil
from pathlib import Path

import pytest

from tests.workflows.documents import NotUnderstood
from tests.workflows.model import Event, Pipeline, read

SAMPLES = Path(__file__).with_name("samples")
VARIABLES = {"CLIENT": "abc", "PLACE_DEV": "here", "PLACE_PROD": "there"}
CALLER, STAGED = "caller", "staged"
"""The sample of GitHub, and that of Azure DevOps."""


def sample(name: str, folder: Path, right: str = "", wrong: str = "") -> Pipeline:
    """A copy of the samples, with one text in all of them replaced by another."""
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    for file in folder.glob(".*/**/*.yml") if right else ():
        file.write_text(file.read_text().replace(right, wrong))
    return read(folder, name, Event("push", VARIABLES))


def test_reusable_workflows_and_actions_are_put_in_their_places(tmp_path: Path) -> None:
    found = sample(CALLER, tmp_path)
    assert tuple(each.name for each in found.jobs) == ("first/up", "first/look", "last")
    up, look, last = found.jobs
    assert (up.environment, up.logins, up.permissions["id-token"]) == ("prod", {"abc"}, "write")
    assert up.commands == ["echo there", "make up STACK=$STACK"] and up.steps[-1].env["STACK"] == "prod"
    assert look.permissions == {"contents": "read", "id-token": "write"} and last.permissions == {}
    assert set(last.needs) == {"first/up", "first/look"}
    assert last.begins(dict.fromkeys(last.needs, "failure"))
    assert not look.begins({"first/up": "failure"})


def test_stages_templates_and_variables_are_put_in_their_places(tmp_path: Path) -> None:
    found = sample(STAGED, tmp_path)
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
    ("name", "right", "wrong", "sentence"),
    [
        (CALLER, "contents: read\n      id-token: write\n\n", "contents: read\n\n", "its caller allows none"),
        (CALLER, "inputs.what", "vars.WHAT", "there is no `vars` here, only github"),
        (CALLER, "      shell: bash\n", "", "needs a `shell`"),
        (CALLER, "azure/login@1", "somebody/else@1", "the action somebody/else is not known here"),
        (CALLER, "client-id", "creds", "`creds` is not known here"),
        (CALLER, "make look", "make look\n        continue-on-error: true", "`continue-on-error` is not known here"),
        (CALLER, "make look", "make look\n    container: x", "`container` is not known here"),
        (CALLER, "    with:\n      stack: prod\n", "", "the input `stack` is required"),
        (CALLER, "needs: up", "needs: down", "down, which never comes to be"),
        (CALLER, "needs: up", "needs: look", "each needs the one before, which never comes to be"),
        (CALLER, "permissions: {}", "permissions: write-all", "'write-all' is not known here; name each"),
        (CALLER, "permissions: {}", "concurrency: one", "concurrency: 'one' is not known here"),
        (CALLER, "./.github/workflows/called", "a/b/called", "a/b/called.yml is in another repository"),
        (CALLER, "workflows/called", "workflows/missing", "missing.yml is not there"),
        (STAGED, "make last", "|\n                  make last\n                  make more", "only the last line"),
        (STAGED, "AzureCLI@2", "Bash@3", "the task Bash@3 is not known here"),
        (STAGED, "${{ parameters.stack }}-deploy", "''", "names no service connection"),
        (STAGED, 'stack: "${{ stack }}", ', "", "the parameter `stack` is required"),
        (STAGED, '{stack: "${{', '{stacks: "${{', "`stacks` is not known here"),
        (STAGED, "make last", "make last\n                continueOnError: true", "`continueOnError` is not known"),
        (STAGED, "script: make last", "powershell: make last", r"\['powershell'\] is no step that is known here"),
        (STAGED, "group: mlops", "group: others", "the variables {'group': 'others'} are not known here"),
        (STAGED, "dependsOn: up", "dependsOn: down", "which never comes to be"),
        (STAGED, "each stack in", "for stack in", "only `if` and `each`"),
        (STAGED, "{vmImage: ubuntu-24.04}", "{}", "no pool is named"),
    ],
)
def test_what_a_system_would_refuse_or_the_model_does_not_know_is_said(
    tmp_path: Path, name: str, right: str, wrong: str, sentence: str
) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        sample(name, tmp_path, right, wrong)
