"""The model in service goes into every node that has an optional input for it, and into no other."""

from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.specs.bind import bind
from mlops.specs.expressions import render
from mlops.specs.types import Asset, Job, Node
from tests.support.project import Project

OTHER = """
type: pipeline
inputs:
  served: {type: uri_folder, path: served}
jobs:
  bound: {type: command, component: COMPONENT, inputs: {champion: "${{parent.inputs.served}}"}}
  open: {type: command, component: COMPONENT}
  own: {type: command, component: WITHOUT, inputs: {model: "${{parent.inputs.served}}"}}
"""
COMPONENT = """
type: command
inputs:
  champion: {type: uri_folder, optional: true}
environment: azureml:job@latest
command: echo $[[--champion ${{inputs.champion}}]]
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    for name, text in {
        "pipeline.yml": OTHER.replace("COMPONENT", "./with.yml").replace("WITHOUT", "./without.yml"),
        "with.yml": COMPONENT,
        "without.yml": COMPONENT.replace("champion", "model").replace(", optional: true", ""),
    }.items():
        (tmp_path / name).write_text(text)
    for folder in ("served", "champion", "another"):
        (tmp_path / folder).mkdir()
    return tmp_path / "pipeline.yml"


def champions(job: Job) -> dict[str, str]:
    """The folder that each node gets as `champion`."""
    given = {node.name: node.inputs.get("champion") for node in job.nodes}
    return {name: value.path.name for name, value in given.items() if isinstance(value, Asset)}


def test_the_gate_of_the_reference_gets_the_champion_and_nothing_else_changes(reference: Project, tmp_path: Path):
    file = reference.path / "azureml" / "pipelines" / "train.yml"
    without, given = bind(file, project=reference.path), bind(file, project=reference.path, champion=tmp_path)
    assert not champions(without) and champions(given) == {"gate": tmp_path.name}
    assert without.inputs == given.inputs
    assert [node for node in given.nodes if node.name != "gate"] == [
        node for node in without.nodes if node.name != "gate"
    ]

    def command(job: Job) -> str:
        gate: Node = next(node for node in job.nodes if node.name == "gate")
        names = {name: f"/{name}" for name in gate.inputs}
        return render(gate.command, names, {name: f"/{name}" for name in gate.outputs})

    assert "--champion" not in command(without) and "--champion /champion" in command(given)


def test_a_node_that_is_bound_and_one_without_such_an_input_stay_as_they_are(pipeline: Path):
    assert champions(bind(pipeline)) == {"bound": "served"}
    assert champions(bind(pipeline, champion=pipeline.parent / "champion")) == {"bound": "served", "open": "champion"}


def test_another_one_can_be_named(pipeline: Path):
    another = {"open.champion": pipeline.parent / "another"}
    found = champions(bind(pipeline, inputs=another, champion=pipeline.parent / "champion"))
    assert found == {"bound": "served", "open": "another"}
    with pytest.raises(Misuse, match=r"--input own\.champion"):
        bind(pipeline, inputs={"own.champion": pipeline.parent / "another"})
