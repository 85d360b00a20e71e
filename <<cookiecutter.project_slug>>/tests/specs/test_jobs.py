"""The Azure ML files say what the model package expects."""

from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.specs.bind import bind
from mlops.specs.types import Job
from mlops.steps.package import Package


def test_the_steps_come_in_an_order_in_which_each_finds_its_inputs(job: Job):
    seen: set[str] = set()
    for node in job.nodes:
        assert node.needs <= seen
        seen.add(node.name)
    assert seen == {"validate", "prepare", "train", "retrain", "evaluate", "gate"}


def test_data_is_judged_before_it_is_used_and_a_model_before_it_is_registered(job: Job):
    nodes = {node.name: node for node in job.nodes}
    assert "validate" in nodes["prepare"].needs
    assert job.outputs["verdicts"].node == "gate"
    assert not nodes["validate"].deterministic and not nodes["gate"].deterministic


def test_every_source_of_the_contract_goes_into_validation_and_preparation(job: Job, model: Package):
    nodes = {node.name: node for node in job.nodes}
    for name in model.contract.SOURCES:
        for step in ("validate", "prepare"):
            assert f"--source {name}=" in nodes[step].command


def test_every_step_gets_the_code_of_this_project_and_nothing_else(job: Job, project: Path):
    assert {node.code.resolve() for node in job.nodes if node.code} == {project / "src"}


def test_a_parameter_can_be_changed_and_a_wrong_one_is_refused(project: Path):
    file = project / "azureml" / "pipelines" / "train.yml"
    changed = bind(file, overrides={"seed": "8"}, project=project)
    [train] = [node for node in changed.nodes if node.name == "train"]
    assert getattr(train.inputs["seed"], "text", None) == "8"
    with pytest.raises(Misuse, match="seed"):
        bind(file, overrides={"seed": "eight"}, project=project)
