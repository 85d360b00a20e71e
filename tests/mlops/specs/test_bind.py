"""Job files of the examples, resolved."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import Misuse
from mlops.specs.bind import bind
from mlops.specs.expressions import render
from mlops.specs.load import Item
from mlops.specs.types import Asset, FromNode, Job, Literal, Node, Place, Port
from mlops.specs.values import literal, typed
from tests.support.project import Project

EXAMPLES = Path(__file__).parent / "examples"
DATA = EXAMPLES / "data"


def example(name: str, **options) -> Job:
    return bind(EXAMPLES / "jobs" / f"{name}.yml", project=EXAMPLES, **options)


def node(job: Job, name: str) -> Node:
    return next(node for node in job.nodes if node.name == name)


def texts(values) -> dict[str, str]:
    return {name: value.text for name, value in values.items() if isinstance(value, Literal)}


def test_the_reference_pipeline_is_resolved_in_an_order_that_can_run(reference: Project) -> None:
    job = bind(reference.path / "azureml" / "pipelines" / "train.yml", project=reference.path)
    assert [node.name for node in job.nodes] == ["validate", "prepare", "train", "retrain", "evaluate", "gate"]
    assert job.inputs["seed"] == Literal("7", "integer")
    assert job.inputs["settings"] == Asset(reference.path / "mlops.yaml", "uri_file", "../../mlops.yaml")
    applications = job.inputs["applications"]
    assert isinstance(applications, Asset)
    assert applications.path == reference.path / "data" / "applications.parquet"
    assert job.outputs["model"] == FromNode("train", "model", "uri_folder")
    assert {node.code for node in job.nodes} == {reference.path / "src"}
    assert [node.name for node in job.nodes if not node.deterministic] == ["validate", "gate"]
    for each in job.nodes:
        inputs = {name: f"/in/{name}" for name in each.inputs}
        assert "${{" not in render(each.command, inputs, {name: f"/out/{name}" for name in each.outputs})


def test_literals_print_what_the_official_client_sends() -> None:
    assert texts(example("values").inputs) == {
        "text_exponent": "1e-3",
        "exponent": "0.001",
        "small": "1e-05",
        "large": "1e+17",
        "octal": "15",
        "hexadecimal": "31",
        "sexagesimal": "90",
        "truth": "True",
        "quoted": "true",
        "whole": "4",
        "name": "hello",
        "wrapped": "5",
    }


def test_defaults_are_brought_to_their_declared_type() -> None:
    defaults = node(example("values"), "defaults")
    assert texts(defaults.inputs) == {"number": "1.0", "count": "3", "flag": "True", "word": "red"}
    command = render(defaults.command, texts(defaults.inputs), {"made": "/made"})
    assert command.split() == ["bash", "run.sh", "1.0", "3", "True", "red", "/made"]


def test_bindings_carry_values_whole_inside_text_and_inside_a_path() -> None:
    bound = node(example("values"), "bound")
    assert bound.inputs["number"] == Literal("0.001", "number")
    assert bound.inputs["flag"] == Literal("True", "boolean")
    assert bound.inputs["note"] == Literal("run-hello-4", "string")
    assert bound.inputs["table"] == Asset(DATA / "rows.csv", "uri_file", "../data/rows.csv")


def test_a_node_keeps_its_variables_time_limit_and_environment() -> None:
    bound = node(example("values"), "bound")
    assert bound.variables == {"LEVEL": "hello", "DEPTH": "3"}
    assert bound.timeout == 60
    assert bound.environment["name"] == "slim"


def test_a_job_keeps_its_name_experiment_tags_and_settings() -> None:
    job = example("values")
    assert (job.name, job.experiment, job.description) == ("Values", "values", "Literals of every form.")
    assert job.tags == {"team": "triage"}
    assert job.continue_on_step_failure
    assert not example("references").continue_on_step_failure


def test_what_is_done_without_is_said_once() -> None:
    assert example("values").ignored == (
        "compute: everything runs on this machine.",
        "environment: nodes run in this project's interpreter.",
    )
    assert "resources: everything runs on this machine." in example("command").ignored


def test_what_is_asked_for_anywhere_is_accepted_and_said() -> None:
    job = example("asked")
    assert job.ignored == (
        "compute: everything runs on this machine.",
        "distribution: each node is one process here.",
        "services: none are opened here.",
        "identity: nodes run as you.",
        "environment: nodes run in this project's interpreter.",
        "datastores: outputs stay in the run's own folder.",
    )
    assert [node.name for node in job.nodes if node.distributed] == ["writes"]


def test_an_output_called_artifacts_is_an_output_like_others() -> None:
    job = example("asked")
    assert set(node(job, "writes").outputs) == {"artifacts", "kept"}
    assert node(job, "reads").inputs == {"logs": FromNode("writes", "artifacts", "uri_folder")}


def test_additional_includes_are_relative_to_their_component() -> None:
    assert node(example("asked"), "includes").includes == (DATA / "folder", EXAMPLES / "environments" / "conda.yml")


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


def test_nodes_come_after_what_they_read_whatever_their_order_in_the_file() -> None:
    job = example("references")
    order = [node.name for node in job.nodes]
    assert order.index("inline") < order.index("prefixed") < order.index("late")
    assert node(job, "late").needs == {"prefixed"}


def test_the_type_of_an_output_may_come_from_the_output_it_is_bound_to() -> None:
    job = example("references")
    assert node(job, "late").outputs["written"].type == "uri_file"
    assert node(job, "prefixed").outputs["target"].type == "uri_file"
    assert node(job, "late").inputs["text"] == FromNode("prefixed", "target", "uri_file")
    assert job.outputs == {
        "last": FromNode("late", "written", "uri_file"),
        "first": FromNode("inline", "made", "uri_folder"),
    }


def test_a_command_job_is_one_node_with_the_inputs_and_outputs_of_the_job() -> None:
    job = example("command")
    only = job.nodes[0]
    assert (job.name, only.name, only.timeout) == ("Count", "command", 120)
    assert texts(job.inputs) == {"times": "3", "rate": "0.5", "loud": "False"}
    assert job.inputs == only.inputs
    assert {name: port.type for name, port in only.outputs.items()} == {"counted": "uri_folder", "report": "uri_file"}
    assert job.outputs["report"] == FromNode("command", "report", "uri_file")
    assert only.variables == {"LEVEL": "info"}


def test_a_literal_set_by_hand_has_the_type_that_its_consumer_declares() -> None:
    job = example("values", overrides={"exponent": "5", "truth": "FALSE", "whole": "7", "name": " x "})
    assert job.inputs["exponent"] == Literal("5", "number")
    assert job.inputs["truth"] == Literal("False", "boolean")
    assert job.inputs["whole"] == Literal("7", "integer")
    assert node(job, "bound").inputs["note"] == Literal("run- x -7", "string")


def test_an_integer_that_feeds_a_number_may_be_set_to_a_fraction(write, bound) -> None:
    component = (
        (EXAMPLES / "components" / "typed.yml").read_text().replace("../code", ".").replace("file:", "azureml:e@")
    )
    write(component.replace("azureml:e@../environments/slim.yml", "azureml:e@latest"), "typed.yml")
    spec = """
        type: pipeline
        inputs: {rate: 1}
        jobs:
          only: {component: ./typed.yml, inputs: {number: "${{parent.inputs.rate}}"}}
    """
    assert bound(spec, overrides={"rate": "0.5"}).nodes[0].inputs["number"] == Literal("0.5", "number")


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


def test_what_azure_drops_from_a_node_is_left_out_and_said(bound) -> None:
    spec = """
        type: pipeline
        jobs:
          only:
            component:
              name: thing
              environment_variables: {A: b}
              command: echo $[[inputs.x]]
            inputs: {type: uri_file}
    """
    job = bound(spec)
    assert job.nodes[0].inputs == {}
    assert job.nodes[0].variables == {}
    assert job.ignored == (
        "input type of only: thing does not declare it, so it is left out.",
        "environment_variables of thing: Azure ML drops them; set them on the node.",
        "$[[ ]] without an expression in the command of thing: its text is kept as it is.",
    )


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


PLACE = Place(Path("job.yml"), 1)


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text()))
def test_a_literal_typed_by_hand_reads_back_as_the_value_that_yaml_gave(value) -> None:
    type_ = {int: "integer", float: "number", bool: "boolean", str: "string"}[type(value)]
    port, item = Port("x", type_, PLACE), Item(value, PLACE)
    printed = literal(value, port, item)
    assert printed.text == str(value)
    assert literal(typed(printed.text, type_), port, item) == printed
