"""Runs killed at random points: nothing is left running or half-written, and the repeat goes on to the same end."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from mlops import digest
from mlops.specs.types import Node
from tests.mlops.platform.lab import OUT, Lab, environment, folder, node

MARK = "RANDOM_KILLS"


def slow(name: str, mark: str, *before: str) -> Node:
    """A node that writes its output in several strokes, with a child in the background."""
    reads = " ".join(f"${{{{inputs.{each}}}}}/sum" for each in before)
    to = "${{outputs.out}}/sum"
    strokes = f"for i in 1 2 3; do cat {reads} >> {to} || exit 1; echo {name} >> {to}; sleep 0.1; done"
    inputs = {each: folder(each) for each in before}
    return node(name, f"sleep 300 & {strokes}", inputs=inputs, outputs=OUT, variables={MARK: mark})


def diamond(mark: str) -> list[Node]:
    return [slow("a", mark), slow("b", mark, "a"), slow("c", mark, "a"), slow("d", mark, "b", "c")]


def marked(mark: str) -> list[int]:
    """Processes of the run that are alive."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            alive = (place / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            if alive and f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:
            continue
    return found


def kill_at_random(lab: Lab, mark: str, seed: int) -> None:
    """Start the job, and kill its runner, one process of a node, or both, at a time that the seed gives."""
    rng = random.Random(seed)
    runner = subprocess.Popen(lab.command(*diamond(mark)), env=environment(), stdout=subprocess.DEVNULL)
    with runner:
        while not list(lab.state.glob("runs/*/run.json")) and runner.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 2.0))
        if rng.random() < 0.7 and (nodes := marked(mark)):
            os.kill(rng.choice(nodes), signal.SIGKILL)
        if rng.random() < 0.7 or not nodes_end(runner):
            runner.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM]))
        runner.wait(60)


def nodes_end(runner: "subprocess.Popen[bytes]") -> bool:
    try:
        runner.wait(30)
    except subprocess.TimeoutExpired:
        return False
    return True


def digests(lab: Lab, run: dict) -> dict[str, str]:
    return {name: kept["outputs"]["out"]["digest"] for name, kept in run["nodes"].items() if kept.get("outputs")}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes by their environment, as Linux shows it")
@pytest.mark.parametrize("seed", range(int(os.environ.get("RANDOM_KILLS_SEEDS", "8"))))
def test_a_run_killed_at_a_random_point_leaves_nothing_and_its_repeat_ends_the_same(
    lab: Lab, tmp_path: Path, with_database, seed: int
) -> None:
    mark = f"{tmp_path.name}-{seed}"
    kill_at_random(lab, mark, seed)
    deadline = time.monotonic() + 120
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not marked(mark)
    complete: dict[str, str] = {}
    for place in lab.state.glob("runs/*/outputs/*"):
        complete[place.name] = digest.of_folder(place / "out")
        assert (place / "out" / "sum").read_text().count(place.name) == 3, "half-written"
    cached = {json.loads(entry.read_text())["node"] for entry in lab.state.glob("cache/*.json")}
    repeat = lab.run(*diamond(mark))
    assert repeat.status == 0
    assert {name for name, state in repeat.states.items() if state == "reused"} == cached <= complete.keys()
    clean = Lab(tmp_path / "clean", with_database).run(*diamond(mark))
    assert digests(lab, dict(repeat.record)) == digests(lab, dict(clean.record))
    assert complete.items() <= digests(lab, dict(clean.record)).items()
    assert not (lab.state / "work").exists()
