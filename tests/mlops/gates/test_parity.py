"""The gate on parity: what is served predicts as what was trained, and a row alone as a row among others."""

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlops.contract.types import Columns
from mlops.gates import parity
from mlops.gates.base import Verdict
from mlops.gates.predictions import Difference, difference
from tests.support.small_model import ROW, context, predict

SAME = Difference(0.0, 0.0)


def judged(folder: Path, model=predict, facts: Difference | None = SAME) -> list[Verdict]:
    evaluation = {"training": {"parity": facts and asdict(facts)}}
    return list(parity.check(parity.measure(context(folder, model, evaluation=evaluation)), parity.Limits()))


def test_a_sound_model_passes(tmp_path: Path):
    exported, parted = judged(tmp_path)
    assert exported.passed and parted.passed
    assert parted.why == (
        "alone and in a batch: on rows in parts of 1 figures are up to 0.0e+00 of their range apart, and 0.00% of the "
        "rows are decided otherwise; at most 1e-05 and 0.1% are allowed."
    )


def test_a_trained_model_that_nobody_compared_is_refused(tmp_path: Path):
    exported, parted = judged(tmp_path, facts=None)
    assert not exported.passed and parted.passed
    assert exported.why == "trained and exported were not compared."
    assert "a method predict(columns)" in exported.next_step


def standardised(x: Columns) -> Columns:
    return {"score": 1 / (1 + np.exp(-(x["age"] - x["age"].mean())))}


def renamed(x: Columns) -> Columns:
    return {"score" if len(x["age"]) > 1 else "probability": x["age"] / 100}


def by_place(x: Columns) -> Columns:
    return predict(x) | {"decision": np.arange(len(x["age"])) % 7 // 6}


@pytest.mark.parametrize("model", [standardised, renamed, by_place])
def test_a_row_alone_that_differs_from_the_batch_is_refused(tmp_path: Path, model):
    exported, parted = judged(tmp_path, model)
    assert exported.passed and not parted.passed
    assert parted.why.startswith("alone and in a batch: on rows in parts of ")
    assert "its own row only" in parted.next_step


def small(x: Columns) -> Columns:
    scores = predict(x)["score"].astype(np.float32).astype(float)
    return {"score": scores, "decision": (scores >= 0.5).astype(np.int8)}


def unknown_as_cook(x: Columns) -> Columns:
    return predict(x | {"job": np.where(x["job"] == -2, 1, x["job"])})


@pytest.mark.parametrize(
    ("served", "passed", "where"),
    [
        (predict, True, ""),
        (small, True, ""),
        (unknown_as_cook, False, "where job is unseen"),
        (lambda x: predict(x) | {"decision": 1 - predict(x)["decision"]}, False, "as they are"),
        (lambda x: {"score": predict(x)["score"]}, False, "other names"),
        (lambda x: predict(x) | {"score": np.where(x["age"] == 18, np.nan, predict(x)["score"])}, False, "no numbers"),
    ],
    ids=["the same", "in single precision", "unseen otherwise", "decided otherwise", "without decision", "no number"],
)  # fmt: skip
def test_an_export_that_predicts_unlike_what_was_trained_is_refused(tmp_path: Path, served, passed: bool, where: str):
    trained, predictor = SimpleNamespace(predict=predict), SimpleNamespace(predict=served)
    found = parity.exported(trained, predictor, context(tmp_path / "rows").rows("test").x, ROW.features)
    exported, _ = judged(tmp_path / "judged", facts=found)
    assert exported.passed is passed
    assert where in exported.why


def test_a_trained_model_that_cannot_predict_is_not_compared(tmp_path: Path):
    predictor: Any = SimpleNamespace(predict=predict)
    assert parity.exported({"coefficients": []}, predictor, {"age": np.ones(3)}, ROW.features) is None


def test_without_a_decision_a_row_is_decided_by_the_side_of_the_median_that_it_is_on():
    values = np.linspace(0, 100, 101)
    assert difference({"value": values + 1e-9}, {"value": values}).flips == 0
    assert difference({"value": values + 10}, {"value": values}).flips == pytest.approx(0.1, abs=0.01)
    assert difference({"value": values + 10}, {"value": values}).apart == pytest.approx(0.1)
