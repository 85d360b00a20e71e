"""What is said against what happens, for each kind of label, with what chance adds to it taken off."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlops.contract.types import Column, Contract
from mlops.gates.base import Verdict
from mlops.gates.calibration import Limits, check, expected_error, measure
from tests.support.judged import predicting

NAMES = ("a", "b", "c")


def judged(folder: Path, label: Column, truth: np.ndarray, predictions: dict) -> Verdict:
    row = Contract(Column("x", "number"), label)
    frame = pl.DataFrame({"x": np.zeros(len(truth)), label.name: truth})
    [verdict] = check(measure(predicting(folder, row, frame, predictions)), Limits())
    return verdict


def test_scores_that_happen_as_often_as_they_say_pass_and_bolder_ones_do_not(tmp_path: Path):
    random = np.random.default_rng(0)
    score, label = random.random(2000), Column("good", "flag", "label")
    truth = random.random(2000) < score
    good = judged(tmp_path, label, truth, {"score": score})
    assert good.passed and good.why.startswith("expected calibration error is 0.0")
    bold = judged(tmp_path, label, truth, {"score": score**2 / (score**2 + (1 - score) ** 2)})
    assert not bold.passed and "Calibrate" in bold.next_step
    assert bold.why.endswith("; the high end must be at most 0.1.")


def test_of_classes_the_one_that_is_named_is_judged(tmp_path: Path):
    random = np.random.default_rng(1)
    scores = random.dirichlet([1, 1, 1], 3000)
    code = (random.random((3000, 1)) > scores.cumsum(axis=1)).sum(axis=1)
    label, truth = Column("kind", "category", "label", categories=NAMES), np.array(NAMES)[code]

    def said(scores: np.ndarray) -> dict[str, np.ndarray]:
        return {f"score.{name}": scores[:, place] for place, name in enumerate(NAMES)}

    assert judged(tmp_path, label, truth, said(scores)).passed
    sharper = scores**3 / (scores**3).sum(axis=1, keepdims=True)
    assert not judged(tmp_path, label, truth, said(sharper)).passed


def test_a_number_that_is_off_at_one_end_is_refused_in_whatever_unit(tmp_path: Path):
    random = np.random.default_rng(2)
    rent = random.normal(0, 1, 2000)
    value, label = rent + random.normal(0, 0.3, 2000), Column("rent", "number", "label")
    for unit in (1, 1000):
        assert judged(tmp_path, label, rent * unit, {"value": 0.92 * value * unit}).passed
        assert not judged(tmp_path, label, rent * unit, {"value": 1.3 * value * unit}).passed


def test_predictions_that_say_nothing_of_the_label_cannot_be_measured(tmp_path: Path):
    with pytest.raises(KeyError, match="value"):
        judged(tmp_path, Column("rent", "number", "label"), np.arange(9.0), {"order": np.arange(9)})


def test_chance_alone_is_hardly_an_error_and_an_error_that_is_there_is_found():
    random = np.random.default_rng(3)
    none, some = [], []
    for _ in range(40):
        score = random.uniform(0, 0.8, 500)
        happened = (random.random(500) < score) * 1.0
        none.append(expected_error(happened, score, np.ones(500)))
        some.append(expected_error(happened, score + 0.15, np.ones(500)))
    assert max(interval.high or 1 for interval in none) < 0.1
    assert np.mean([(interval.low or 0) <= 0.15 <= (interval.high or 0) for interval in some]) > 0.85


def test_weights_count():
    truth, said, light = np.array([1.0, 0.0] * 200), np.full(400, 0.5), np.tile([1.0, 0.01], 200)
    low, high = (expected_error(truth, said, weight) for weight in (np.ones(400), light))
    assert (low.value or 0) < 0.1 and (high.value or 0) > 0.4


def test_scores_five_times_too_high_are_refused_where_positives_are_rare(tmp_path: Path):
    random = np.random.default_rng(4)
    score, label = random.uniform(0, 0.04, 8000), Column("good", "flag", "label")
    truth = random.random(8000) < score
    assert judged(tmp_path, label, truth, {"score": score}).passed
    assert not judged(tmp_path, label, truth, {"score": 5 * score}).passed
