"""What is used again, and everything that forbids it."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops.specs.types import Node
from tests.mlops.platform.lab import OUT, Lab, asset, environment, folder, node, text


@pytest.fixture
def makes(lab: Lab) -> Node:
    """A node with code, a file, a literal and an output."""
    code = lab.write("src/script.sh", "cat $1 > $2/rows\n").parent
    inputs = {"rows": asset(lab.write("rows.csv", "1\n")), "seed": text(7)}
    return node("makes", "bash script.sh ${{inputs.rows}} ${{outputs.out}}", code, inputs, OUT)


def test_the_same_again_starts_no_process_and_names_the_original(lab: Lab, makes: Node) -> None:
    first, again = lab.run(makes), lab.run(makes)
    assert (first.states, again.states) == ({"makes": "finished"}, {"makes": "reused"})
    original = first.record["nodes"]["makes"]["child"]
    assert again.record["nodes"]["makes"]["reuses"]["child"] == original
    assert lab.output(again, "makes") == lab.output(first, "makes")
    shown = lab.state / "runs" / again.record["run"] / "outputs" / "makes" / "out" / "rows"
    assert shown.read_text() == "1\n"
    child = MlflowClient(f"sqlite:///{lab.state}/mlflow.db").get_run(again.record["nodes"]["makes"]["child"])
    assert child.data.tags["mlops.reuses"] == original
    assert child.data.metrics == {}


def new_code(lab: Lab, makes: Node) -> Node:
    lab.write("src/other.sh", "")
    return makes


def executable_code(lab: Lab, makes: Node) -> Node:
    (lab.path / "src" / "script.sh").chmod(0o755)
    return makes


def new_data(lab: Lab, makes: Node) -> Node:
    lab.write("rows.csv", "2\n")
    return makes


def new_lock(lab: Lab, makes: Node) -> Node:
    lab.write("requirements/base.txt", "numpy==2.0")
    return makes


CHANGES: dict[str, Callable[[Lab, Node], Node]] = {
    "code": new_code,
    "executable bit": executable_code,
    "data": new_data,
    "lock": new_lock,
    "literal": lambda lab, makes: replace(makes, inputs=dict(makes.inputs) | {"seed": text(8)}),
    "command": lambda lab, makes: replace(makes, command=makes.command + " "),
    "variable": lambda lab, makes: replace(makes, variables={"A": "1"}),
    "environment": lambda lab, makes: replace(makes, environment="azureml:other@latest"),
    "type of an output": lambda lab, makes: replace(makes, outputs=node("", "", outputs={"out": "mltable"}).outputs),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_decides_the_result_forbids_reuse_when_it_changes(
    lab: Lab, makes: Node, change: Callable[[Lab, Node], Node]
) -> None:
    lab.run(makes)
    changed = change(lab, makes)
    assert lab.run(changed).states == {"makes": "finished"}
    assert lab.run(changed).states == {"makes": "reused"}


def test_what_does_not_decide_the_result_does_not_forbid_reuse(lab: Lab, makes: Node) -> None:
    lab.run(makes)
    (lab.path / "rows.csv").touch()
    lab.write("src/__pycache__/script.pyc", "x")
    assert lab.run(replace(makes, name="renamed", timeout=100)).states == {"renamed": "reused"}


def test_fresh_runs_again_and_what_it_makes_is_used_from_then_on(lab: Lab) -> None:
    random = node("random", "echo $RANDOM$RANDOM > ${{outputs.out}}/n", outputs=OUT)
    first, fresh, then = lab.run(random), lab.run(random, fresh=True), lab.run(random)
    assert fresh.states == {"random": "finished"}
    assert lab.output(then, "random") == lab.output(fresh, "random") != lab.output(first, "random")
    assert lab.output(first, "random").exists()


def test_a_node_that_is_not_deterministic_runs_again_and_those_after_it_only_if_it_wrote_something_else(
    lab: Lab,
) -> None:
    nodes = (
        node("clock", "echo same > ${{outputs.out}}/x", outputs=OUT, deterministic=False),
        node("after", "true", inputs={"x": folder("clock")}),
    )
    lab.run(*nodes)
    assert lab.run(*nodes).states == {"clock": "finished", "after": "reused"}


def test_a_failed_node_is_not_reused_and_those_before_it_are(lab: Lab) -> None:
    good, bad = (
        node("good", "echo 1 > ${{outputs.out}}/x", outputs=OUT),
        node("bad", "exit 1", inputs={"x": folder("good")}),
    )
    lab.run(good, bad)
    assert lab.run(good, bad).states == {"good": "reused", "bad": "failed"}


def change_bytes(output: Path) -> None:
    (output / "rows").write_text("3\n")


def remove_file(output: Path) -> None:
    (output / "rows").unlink()


def remove_folder(output: Path) -> None:
    output.rename(output.with_name("elsewhere"))


@pytest.mark.parametrize("damage", [change_bytes, remove_file, remove_folder])
def test_damaged_outputs_are_made_again_with_a_word(lab: Lab, makes: Node, damage: Callable[[Path], None]) -> None:
    damage(lab.output(lab.run(makes), "makes"))
    done = lab.run(makes)
    assert done.states == {"makes": "finished"}
    assert "changed or lost and was not used" in done.events[0].detail
    assert (lab.output(done, "makes") / "rows").read_text() == "1\n"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"outputs": {"out": 1}}', '{"outputs": {}, "run": "x"}'])
def test_a_damaged_cache_entry_is_ignored_with_a_word(lab: Lab, makes: Node, content: str) -> None:
    lab.run(makes)
    (entry,) = lab.state.glob("cache/*.json")
    entry.write_text(content)
    done = lab.run(makes)
    assert done.states == {"makes": "finished"}
    assert "is damaged and was not used" in done.events[0].detail
    assert lab.run(makes).states == {"makes": "reused"}


def test_data_below_a_link_counts(lab: Lab) -> None:
    rows = lab.write("elsewhere/rows.csv", "1\n")
    data = lab.path / "data"
    data.mkdir()
    (data / "linked").symlink_to(rows.parent)
    reads = node("reads", "true", inputs={"data": asset(data)})
    lab.run(reads)
    rows.write_text("2\n")
    assert lab.run(reads).states == {"reads": "finished"}


def test_a_damaged_index_of_digests_is_no_harm(lab: Lab, makes: Node) -> None:
    lab.run(makes)
    lab.write(".mlops/digests.json", "[1")
    assert lab.run(makes).states == {"makes": "reused"}


def test_an_input_that_changed_while_it_was_read_fails_the_node_and_nothing_is_kept(lab: Lab) -> None:
    data = lab.write("data/rows.csv", "one")
    reads = node("reads", "cp ${{inputs.rows}} ${{outputs.out}}/x", inputs={"rows": asset(data)}, outputs=OUT)
    changed = replace(reads, command=f"echo two > {data}; {reads.command}")
    done = lab.run(changed)
    assert (done.status, done.states) == (3, {"reads": "failed"})
    assert f"its input 'rows' was changed while it ran: {data}" in done.event("reads").detail
    data.write_text("one")
    assert lab.run(changed).states == {"reads": "failed"}


def test_a_node_that_writes_into_what_an_earlier_one_made_is_a_failure(lab: Lab) -> None:
    makes = node("makes", "echo good > ${{outputs.out}}/x", outputs=OUT)
    spoils = node("spoils", "echo bad > ${{inputs.x}}/x", inputs={"x": folder("makes")}, outputs=OUT)
    done = lab.run(makes, spoils)
    assert done.states == {"makes": "finished", "spoils": "failed"}
    assert "its input 'x' was changed while it ran" in done.event("spoils").detail
    assert lab.run(makes).states == {"makes": "finished"}, "its damaged output is not used again"


def test_what_mlflow_no_longer_knows_is_not_reused(lab: Lab, makes: Node) -> None:
    lab.run(makes)
    again = lab.command(makes)
    done = subprocess.run(again, env=environment(), capture_output=True, text=True)
    assert f"{makes.name} reused" in done.stdout, done.stderr
    (lab.state / "mlflow.db").unlink()
    done = subprocess.run(again, env=environment(), capture_output=True, text=True)
    assert f"{makes.name} finished" in done.stdout, done.stderr
