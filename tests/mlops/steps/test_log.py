"""What a step logs is in its run, whoever logs it; a log that could not be kept is a failure in words."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from mlops.errors import Failure
from mlops.platform.local.tracking import Tracking
from mlops.steps.log import HELD, Log, opened


@pytest.fixture
def tracking(tmp_path: Path) -> Tracking:
    found = Tracking(tmp_path / ".mlops")
    found.use("trials")
    return found


@pytest.fixture
def run(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run of a step, whose variables this process has."""
    run = tracking.open("step", {})
    for name, value in tracking.variables(run, run).items():
        monkeypatch.setenv(name, value)
    return run


def speak(log: Log, file: Path) -> None:
    file.write_text("found")
    log.metrics({"share": 0.5, "unknown": None})
    log.tag("mlops.refused", "verdict")
    log.file(file)


def logged(tracking: Tracking, run: str) -> tuple[dict, str | None, list[str]]:
    data = tracking.read(run)
    files = [file.path for file in MlflowClient(tracking.uri).list_artifacts(run)]
    return data.metrics, data.tags.get("mlops.refused"), files


def test_a_step_logs_itself_when_it_ends(tracking: Tracking, run: str, tmp_path: Path):
    with opened() as log:
        speak(log, tmp_path / "f.txt")
        assert logged(tracking, run) == ({}, None, [])
    assert logged(tracking, run) == ({"share": 0.5}, "verdict", ["f.txt"])


def test_a_step_that_breaks_logs_what_it_said_until_then(tracking: Tracking, run: str, tmp_path: Path):
    with pytest.raises(ZeroDivisionError), opened() as log:
        speak(log, tmp_path / "f.txt")
        log.metrics({"broken": 1 / 0})
    assert logged(tracking, run) == ({"share": 0.5}, "verdict", ["f.txt"])


def test_a_runner_logs_what_the_step_left_even_if_that_broke(
    tracking: Tracking, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(HELD, str(tmp_path / "said"))
    with pytest.raises(ZeroDivisionError), opened() as log:
        speak(log, tmp_path / "f.txt")
        log.metrics({"broken": 1 / 0})
    assert logged(tracking, run) == ({}, None, [])
    tracking.keep(run, tmp_path / "said")
    assert logged(tracking, run) == ({"share": 0.5}, "verdict", ["f.txt"])


def test_a_log_that_could_not_be_kept_is_said_when_the_step_ends(run: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "another")
    with pytest.raises(Failure, match="log could not be written: Run with id=another not found"), opened() as log:
        log.tag("mlops.refused", "verdict")


def test_what_went_wrong_in_the_step_is_said_and_not_that_its_log_was_lost(run: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "another")
    with pytest.raises(ZeroDivisionError), opened() as log:
        log.metrics({"share": 1 / 0})
