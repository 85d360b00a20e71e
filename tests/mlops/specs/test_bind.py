"""Job files of the examples, resolved."""

from mlops.specs.bind import bind
from mlops.specs.expressions import render
from mlops.specs.types import Asset, FromNode, Literal
from tests.mlops.specs.jobs import DATA, EXAMPLES, example, node, texts
from tests.support.project import Project


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
