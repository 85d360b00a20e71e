"""What cannot run here, or is not here, is said before anything starts."""

import pytest

from tests.mlops.specs.pipeline import HEAD
from tests.mlops.specs.pipeline import thing as thing


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("automl", "Write the training as a command or a sweep, or submit"),
        ("finetuning", "Write the training as a command, or submit"),
        ("spark", "Run its script as a command with PySpark, or submit"),
        ("if_else", "Let a command decide or repeat, or submit"),
        ("do_while", "Let a command decide or repeat, or submit"),
        ("parallel_for", "Let a command decide or repeat, or submit"),
        ("import", "Submit"),
    ],
)
def test_what_cannot_run_here_is_refused_by_name_before_anything_starts(kind: str, remedy: str, refusal) -> None:
    ending = f"which is not run locally. {remedy} this file to Azure ML."
    assert refusal(f"{HEAD}  two:\n    type: {kind}\n") == f"job.yml:13: `two` is of type `{kind}`, {ending}"
    assert refusal(f"type: {kind}\n") == f"job.yml:1: `job` is of type `{kind}`, {ending}"


def test_a_component_of_a_kind_that_is_not_run_here_is_refused_at_its_file(write, refusal) -> None:
    write("name: p\ntype: spark\n", "words.yml")
    said = refusal(f"{HEAD}  two: {{component: ./words.yml}}\n")
    assert said.startswith("job.yml:12: `two` is of type `spark`, which is not run locally.")
    write("$schema: https://azuremlschemas.azureedge.net/promptflow/latest/Flow.schema.json\nnodes: []\n", "words.yml")
    said = refusal(f"{HEAD}  two: {{type: parallel, component: ./words.yml}}\n")
    assert said == "words.yml:1: `two` is of type `flow`, which is not run locally. Submit this file to Azure ML."


def test_a_curated_environment_that_cannot_be_had_here_is_refused_by_name(refusal) -> None:
    text = "command: ls\nenvironment: azureml://registries/azureml/environments/tensorflow-2.16-cuda12/labels/latest\n"
    said = refusal(text)
    assert said == (
        "job.yml:2: the environment `tensorflow-2.16-cuda12` has `tensorflow`, which is not on this machine. "
        "Install it into this project's environment, or submit this file to Azure ML."
    )


def test_a_curated_environment_whose_framework_is_installed_is_taken(bound) -> None:
    assert bound("command: ls\nenvironment: azureml:AzureML-sklearn-1.5@latest\n").nodes


def test_an_asset_described_twice_is_refused(write, refusal) -> None:
    for name in ("a", "b"):
        write("name: rows\ntype: uri_file\npath: ./x.csv\n", f"{name}.yml")
    said = refusal("command: ls\ninputs:\n  rows: {path: 'azureml:rows@latest'}\n")
    assert said.startswith("b.yml:1: describes the data `rows`, and so does ")


def test_an_asset_whose_file_is_missing_is_refused_at_the_asset(write, refusal) -> None:
    write("name: rows\ntype: uri_file\npath: ./x.csv\n", "data/rows.yml")
    said = refusal("command: ls\ninputs:\n  rows: {path: 'azureml:rows@latest'}\n")
    assert said.startswith("data/rows.yml:3: input `rows`: data/x.csv does not exist.")


def test_assets_that_lead_back_to_themselves_are_refused(write, refusal) -> None:
    job = "command: ls\ninputs:\n  rows: {path: 'azureml:rows@latest'}\n"
    write("name: rows\ntype: uri_file\npath: azureml:rows@latest\n", "rows.yml")
    assert refusal(job).startswith("rows.yml:3: `azureml:rows@latest` leads back to itself. Write a file")
    write("name: rows\ntype: uri_file\npath: azureml:more@latest\n", "rows.yml")
    write("name: more\ntype: uri_file\npath: azureml:rows@latest\n", "more.yml")
    assert refusal(job).startswith("more.yml:3: `azureml:rows@latest` leads back to itself.")


def test_an_asset_of_another_version_is_not_taken(write, refusal) -> None:
    write("name: rows\nversion: 1\ntype: uri_file\npath: ./rows.yml\n", "rows.yml")
    said = refusal("command: ls\ninputs:\n  rows: {path: 'azureml:rows:2'}\n")
    assert "input `rows` is `azureml:rows:2`, not on this machine." in said
