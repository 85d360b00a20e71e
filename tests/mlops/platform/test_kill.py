"""However the runner ends, nothing of it is left, and the repeat goes on where it was."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops.specs.types import Distribution, Sweep
from tests.mlops.platform.lab import OUT, Lab, environment, folder, node

FIRST = node("first", "echo 1 > ${{outputs.out}}/x", outputs=OUT)


def stubborn(pids: Path) -> str:
    """A command with children: one in the background, one in a session of its own, one that ignores being asked."""
    return "; ".join(
        [
            "echo half > ${{outputs.out}}/half",
            f"sleep 600 & echo $! >> {pids}",
            f"setsid sleep 600 & echo $! >> {pids}" if Path("/proc/self").exists() else ":",
            f"(trap '' TERM INT HUP; while true; do sleep 1; done) & echo $! >> {pids}",
            f"echo $$ >> {pids}",
            f"touch {pids}.ready",
            "sleep 600",
        ]
    )


def wait_for(happened: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    return happened()


def alive(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_child_survives_a_runner_that_is_ended_and_the_repeat_continues(
    lab: Lab, tmp_path: Path, number: signal.Signals
) -> None:
    pids = tmp_path / "pids"
    last = node("last", stubborn(pids), inputs={"x": folder("first")}, outputs=OUT)
    with subprocess.Popen(lab.command(FIRST, last), env=environment(), stdout=subprocess.PIPE, text=True) as runner:
        assert wait_for(tmp_path.joinpath("pids.ready").exists)
        children = [int(line) for line in pids.read_text().split()]
        assert len(children) >= 3 and all(alive(child) for child in children)
        runner.send_signal(number)
        try:
            said, _ = runner.communicate(timeout=60)
        finally:
            runner.kill()
    ended = wait_for(lambda: not any(alive(child) for child in children), 20)
    for child in filter(alive, children):
        os.kill(child, signal.SIGKILL)
    assert ended
    record = json.loads(next(lab.state.glob("runs/*/run.json")).read_text())
    if number == signal.SIGKILL:
        assert record["state"] == "running"
    else:
        assert runner.returncode == 130
        assert "last cancelled" in said and "\nNone cancelled Its logs and outputs: " in said
        assert (record["state"], record["status"]) == ("cancelled", 130)

    repeat = lab.run(FIRST, node("last", "echo 2 > ${{outputs.out}}/x", inputs={"x": folder("first")}, outputs=OUT))
    assert repeat.states == {"first": "reused", "last": "finished"}
    assert not list(lab.state.rglob("half"))
    client = MlflowClient(f"sqlite:///{lab.state}/mlflow.db")
    first_run = record["run"]
    assert lab.platform.jobs.describe(first_run)["state"] == "cancelled"
    recorded = client.search_runs([client.get_run(first_run).info.experiment_id])
    assert not [run for run in recorded if run.info.status == "RUNNING"]
    assert client.get_run(first_run).info.status == "KILLED"


def test_what_a_node_leaves_in_the_background_ends_with_it(lab: Lab, tmp_path: Path) -> None:
    done = lab.run(node("leaves", f"sleep 600 & echo $! > {tmp_path}/pid"))
    assert done.states == {"leaves": "finished"}
    assert wait_for(lambda: not alive(int((tmp_path / "pid").read_text())), 10)


def test_a_guard_that_is_killed_alone_fails_its_node_and_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    done = lab.run(node("alone", f"sleep 600 & echo $! > {tmp_path}/pid; kill -9 $PPID; sleep 600"))
    assert done.states == {"alone": "failed"} and "signal SIGKILL" in done.event("alone").detail
    assert wait_for(lambda: not alive(int((tmp_path / "pid").read_text())), 10)


def test_no_trial_of_a_killed_sweep_stays_open_in_mlflow(lab: Lab, tmp_path: Path) -> None:
    space = {"x": Distribution("choice", {"values": [1, 2]})}
    sweep = Sweep("grid", space, metric="loss", goal="minimize", max_trials=2)
    trial = node("tries", f"echo $$ > {tmp_path}/pid; sleep 600", sweep=sweep)
    with subprocess.Popen(lab.command(trial), env=environment(), stdout=subprocess.DEVNULL) as runner:
        assert wait_for(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
        runner.kill()
    assert wait_for(lambda: not alive(int((tmp_path / "pid").read_text())), 20)
    lab.run(FIRST)
    client = MlflowClient(f"sqlite:///{lab.state}/mlflow.db")
    recorded = client.search_runs([each.experiment_id for each in client.search_experiments()])
    assert sorted(run.info.status for run in recorded) == ["FINISHED", "FINISHED", "KILLED", "KILLED", "KILLED"]


def test_a_node_that_outlives_its_killed_runner_writes_nothing_into_the_next_run(lab: Lab, tmp_path: Path) -> None:
    held = "trap '' TERM; touch {0}.ready; for i in $(seq 100); do echo {1} >> ${{{{outputs.out}}}}/x; sleep 0.05; done"
    old, new = (node("writes", held.format(tmp_path / who, who), outputs=OUT) for who in ("old", "new"))
    with subprocess.Popen(lab.command(old), env=environment(), stdout=subprocess.PIPE, text=True) as runner:
        assert wait_for(tmp_path.joinpath("old.ready").exists)
        runner.kill()
    done = lab.run(new)
    assert set((lab.output(done, "writes") / "x").read_text().split()) == {"new"}
