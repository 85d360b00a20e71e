"""A sweep tries a node with other inputs, and goes on with what the best trial wrote."""

from collections.abc import Mapping
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from mlops.platform.base import Submission
from mlops.specs.types import Distribution, Node, Sweep
from tests.mlops.platform.lab import OUT, Lab, folder, job, node, text

CHOICE = Distribution("choice", {"values": [3, 1, 2]})
MLFLOW = "python -c \"import mlflow; mlflow.log_metric('loss', 9); mlflow.log_metric('loss', ${{inputs.x}})\""
LOG = """echo '["log_metric", "loss", ${{inputs.x}}]' >> $MLOPS_LOG"""
"""As the steps of a project do it, which takes no seconds."""
WROTE = "echo ${{inputs.x}} ${{inputs.word}} | tee ${{outputs.out}}/x"
TRY = f"{LOG}; {WROTE}"


def tries(command: str = TRY, space: Mapping[str, Distribution] | None = None, **more: Any) -> Node:
    how: dict[str, Any] = {
        "algorithm": "grid",
        "space": space or {"x": CHOICE},
        "metric": "loss",
        "goal": "minimize",
        "max_trials": 9,
    }
    return node("tries", command, inputs={"word": text("w")}, outputs=OUT, sweep=Sweep(**how | more))


def test_the_outputs_of_the_best_trial_go_on_and_every_trial_is_recorded(lab: Lab) -> None:
    after = node("after", "cp ${{inputs.x}}/x ${{outputs.out}}/x", inputs={"x": folder("tries")}, outputs=OUT)
    done = lab.run(tries(f"{MLFLOW}; {WROTE}", concurrent=2), after, outputs={"model": folder("tries")})
    assert done.states == {"tries": "finished", "after": "finished"}
    assert (lab.output(done, "after") / "x").read_text() == "1 w\n"
    assert "trial 2 of 3 is best: loss 1 with x 1" in done.event("tries").detail
    swept = done.record["nodes"]["tries"]["sweep"]
    assert swept["best"] == 2
    assert [(t["trial"], t["parameters"], t["value"]) for t in swept["trials"]] == [
        (1, {"x": "3"}, 3.0), (2, {"x": "1"}, 1.0), (3, {"x": "2"}, 2.0),
    ]  # fmt: skip
    client = MlflowClient(f"sqlite:///{lab.state}/mlflow.db")
    for trial in swept["trials"]:
        child = client.get_run(trial["child"])
        assert child.data.tags["mlflow.parentRunId"] == done.record["nodes"]["tries"]["child"]
        assert child.data.params == trial["parameters"]
        log = lab.state / "runs" / done.record["run"] / "logs" / f"tries.{trial['trial']}.txt"
        assert trial["parameters"]["x"] in log.read_text()
    assert lab.run(tries(f"{MLFLOW}; {WROTE}", concurrent=2)).states == {"tries": "reused"}


def test_the_goal_is_obeyed_and_a_failed_trial_is_counted_and_said(lab: Lab) -> None:
    done = lab.run(tries(f"test ${{{{inputs.x}}}} = 3 && exit 1; {TRY}", goal="maximize"))
    assert (lab.output(done, "tries") / "x").read_text() == "2 w\n"
    assert "loss 2 with x 2; 1 failed" in done.event("tries").detail
    assert [t["state"] for t in done.record["nodes"]["tries"]["sweep"]["trials"]] == ["failed", "finished", "finished"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (TRY.replace("loss", "accuracy"), "metric 'loss'. They logged: accuracy. Log it, or name another."),
        ("true", "metric 'loss'. They logged: no metric. Log it, or name another. "),
        ("mkdir -p $PIP_TARGET/mlflow-2.18.0.dist-info", "it installed MLflow 2.18.0, but the record of runs is of "),
        (TRY.replace("${{inputs.x}}]", "NaN]"), "with a finite metric 'loss'"),
        ("echo broken; exit 7", "exit code 7"),
    ],
)
def test_no_trial_with_the_metric_is_a_failure_in_words(lab: Lab, command: str, why: str) -> None:
    done = lab.run(tries(command))
    assert (done.status, done.states) == (3, {"tries": "failed"})
    assert "none of 3 trials" in done.event("tries").detail and why in done.event("tries").detail
    assert done.event("tries").detail.endswith("logs/tries.1.txt")


def test_what_the_runner_measures_is_no_metric_of_the_job(lab: Lab) -> None:
    assert "metric 'wall_seconds'" in lab.run(tries(metric="wall_seconds")).event("tries").detail


SPACE = {
    "x": Distribution("uniform", {"min_value": -1, "max_value": 1}),
    "log": Distribution("loguniform", {"min_value": -3, "max_value": 0}),
    "step": Distribution("quniform", {"min_value": 0, "max_value": 10, "q": 5}),
    "whole": Distribution("randint", {"upper": 3}),
    "normal": Distribution("normal", {"mu": 100, "sigma": 1}),
    "both": Distribution("qlognormal", {"mu": 0, "sigma": 1, "q": 0.5}),
}


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_values_lie_where_the_space_says_and_the_same_seed_draws_them_again(lab: Lab, algorithm: str) -> None:
    one = tries(space=SPACE, algorithm=algorithm, max_trials=4, concurrent=2, seed=7)
    first, again = lab.run(one), lab.run(one, fresh=True)
    drawn = [[t["parameters"] for t in done.record["nodes"]["tries"]["sweep"]["trials"]] for done in (first, again)]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 4
    assert len({values["x"] for values in drawn[0]}) == 4
    for values in ({name: float(value) for name, value in trial.items()} for trial in drawn[0]):
        assert -1 <= values["x"] <= 1 and 0.04 < values["log"] <= 1 and values["step"] in (0, 5, 10)
        assert values["whole"] in (0, 1, 2) and 90 < values["normal"] < 110 and values["both"] % 0.5 == 0


def test_a_trial_over_its_time_limit_is_ended_and_the_others_go_on(lab: Lab) -> None:
    two = {"x": Distribution("choice", {"values": [3, 1]})}
    done = lab.run(tries(f"test ${{{{inputs.x}}}} = 3 || sleep 600; {TRY}", two, trial_timeout=5, concurrent=2))
    assert (lab.output(done, "tries") / "x").read_text() == "3 w\n"
    assert "trial 1 of 2 is best: loss 3 with x 3; 1 failed" in done.event("tries").detail


def test_a_sweep_whose_time_is_up_starts_no_trial_more(lab: Lab) -> None:
    done = lab.run(tries("sleep 600", timeout=0.5))
    assert "none of 1 trials" in done.event("tries").detail and "time limit" in done.event("tries").detail


def test_trials_that_a_killed_sweep_has_finished_are_used_again(lab: Lab) -> None:
    stops = lab.path / "stops"
    stops.touch()
    waits = tries(f"{TRY}; test ${{{{inputs.x}}}} = 3 || while test -e {stops}; do sleep 0.05; done")
    jobs = lab.platform.jobs
    events = jobs.follow(jobs.submit(Submission(job(waits))))
    next(event for event in events if "trial 1" in event.detail)
    events.close()
    assert not list(lab.state.glob("runs/*/outputs/tries"))
    stops.unlink()
    done = lab.run(waits)
    assert [t["state"] for t in done.record["nodes"]["tries"]["sweep"]["trials"]] == ["reused", "finished", "finished"]
    assert (lab.output(done, "tries") / "x").read_text() == "1 w\n"
