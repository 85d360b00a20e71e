"""What a model costs is measured on its own predictions."""

import time
from pathlib import Path

import numpy as np

from mlops.contract.types import Columns
from mlops.steps.costs import CALLS, alone, measured


def slow(x: Columns) -> Columns:
    time.sleep(0.001)
    return {"score": x["age"]}


def test_size_latency_and_pace_of_a_model_are_measured(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "model.bin").write_bytes(bytes(200_000))
    (tmp_path / "model.json").write_bytes(bytes(50_000))
    costs = measured(tmp_path, slow, {"age": np.arange(1000.0)})
    assert costs["size_mb"] == 0.25
    assert costs["p95_ms"] >= 1
    assert costs["seconds_per_million"] >= 1


def test_each_prediction_is_of_one_row_and_each_row_has_its_turn():
    seen = []
    alone(lambda x: seen.append(x["age"].tolist()) or x, {"age": np.arange(3.0)})
    assert len(seen) == CALLS and seen[:4] == [[0.0], [1.0], [2.0], [0.0]]
