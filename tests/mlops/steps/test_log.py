"""A step's log that could not be kept is a failure in words, but hides no other error."""

import shutil
import sys

import pytest

from mlops.errors import Failure
from mlops.steps.log import opened


def test_a_keeper_that_dies_early_is_said_when_the_step_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "a-run")
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(Failure, match="log could not be written"), opened() as log:
        log.metrics({f"metric {number}": 1.0 for number in range(1000)})
        log.tag("mlops.refused", "verdict")


def test_what_went_wrong_in_the_step_is_said_and_not_that_its_log_was_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "a-run")
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ZeroDivisionError), opened() as log:
        log.metrics({"share": 1 / 0})
