"""What a name or path leads to: data, components and local copies."""

from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.specs.bind import bind
from mlops.specs.types import Asset
from tests.mlops.specs.jobs import DATA, EXAMPLES, example, node


def test_every_kind_of_reference_finds_its_component() -> None:
    commands = {node.name: node.command for node in example("references").nodes}
    copy = "bash run.sh ${{inputs.source}} ${{outputs.target}}"
    assert {name for name, command in commands.items() if command == copy} == {"prefixed", "dotted", "asset"}
    assert commands.keys() == {"prefixed", "dotted", "asset", "whole", "inline", "late"}
    assert example("bare").nodes[0].command.startswith("bash run.sh ${{inputs.number}}")


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    job = example("references")
    assert node(job, "prefixed").code == EXAMPLES / "code"
    assert node(job, "inline").code == EXAMPLES / "code"
    assert node(job, "late").code is None
    assert job.inputs["folder"] == Asset(DATA / "folder", "uri_folder", "file:../data/folder")


@pytest.mark.parametrize("name", ["rows", "same_rows"])
def test_a_data_asset_of_the_project_is_found_by_name_latest_and_version(name: str) -> None:
    value = example("references").inputs[name]
    assert isinstance(value, Asset)
    assert value.path == DATA / "rows.csv"


def test_a_local_copy_replaces_a_path_of_the_job_or_of_a_node(write, bound, tmp_path: Path) -> None:
    spec = """
        type: pipeline
        inputs:
          far: {type: uri_file, path: "https://example.org/rows.csv"}
        jobs:
          only:
            command: cat ${{inputs.a}} ${{inputs.b}}
            environment: azureml:e@latest
            inputs:
              a: ${{parent.inputs.far}}
              b: {type: uri_folder, path: "azureml://datastores/x/paths/y"}
    """
    file = write("x", "rows.csv")
    job = bound(spec, inputs={"far": file, "only.b": tmp_path})
    assert job.nodes[0].inputs["a"] == Asset(file, "uri_file", "https://example.org/rows.csv")
    assert job.nodes[0].inputs["b"] == Asset(tmp_path, "uri_folder", "azureml://datastores/x/paths/y")


def test_files_and_folders_of_different_types_go_into_one_another(write, bound) -> None:
    write("paths: []", "table/MLTable")
    spec = """
        type: pipeline
        inputs: {folder: {type: uri_folder, path: ./table}}
        jobs:
          only:
            component:
              inputs: {table: {type: mltable}}
              command: cat ${{inputs.table}}/MLTable
            inputs: {table: "${{parent.inputs.folder}}"}
    """
    assert isinstance(bound(spec).nodes[0].inputs["table"], Asset)


def test_the_latest_of_several_versions_is_the_highest_number(write, bound, tmp_path: Path) -> None:
    for version in ("2", "10", "9"):
        write(f"name: rows\nversion: {version}\ntype: uri_file\npath: ./{version}.csv\n", f"data/{version}.yml")
        write("x", f"data/{version}.csv")
    spec = """
        command: cat ${{inputs.rows}} ${{inputs.old}}
        environment: azureml:e@latest
        inputs:
          rows: {type: uri_file, path: "azureml:rows@latest"}
          old: {type: uri_file, path: "azureml:rows:9"}
    """
    job = bound(spec)
    found = {name: value.path.name for name, value in job.inputs.items() if isinstance(value, Asset)}
    assert found == {"rows": "10.csv", "old": "9.csv"}


def test_a_name_that_the_project_does_not_say_is_found_below_the_file_that_refers_to_it(write, tmp_path: Path) -> None:
    job = write("type: pipeline\njobs:\n  one:\n    component: azureml:adds@latest\n", "elsewhere/job.yml")
    write("name: adds\ntype: command\ncommand: echo theirs\n", "elsewhere/components/adds.yml")
    ours = tmp_path / "project"
    ours.mkdir()
    assert bind(job, project=ours).nodes[0].command == "echo theirs"
    (ours / "adds.yml").write_text("name: adds\ntype: command\ncommand: echo ours\n")
    assert bind(job, project=ours).nodes[0].command == "echo ours"
    (ours / "adds.yml").unlink()
    (tmp_path / "elsewhere/components/adds.yml").rename(tmp_path / "adds.yml")
    with pytest.raises(Misuse, match="component is `azureml:adds@latest`, not on this machine"):
        bind(job, project=ours)
