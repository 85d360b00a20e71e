"""A step's log that could not be kept is a failure in words."""

import shutil
import sys

import pytest

from mlops.errors import Failure
from mlops.steps.log import Log


def test_a_keeper_that_dies_early_is_said_when_the_step_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "a-run")
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(Failure, match="log could not be written"), Log() as log:
        assert log.keeper and log.keeper.wait() == 1
        log.metrics({f"metric {number}": 1.0 for number in range(1000)})
        log.tag("mlops.refused", "verdict")
