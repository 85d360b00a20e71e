"""The gate on robustness: each way in which a model breaks on odd input is refused in its own words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlops.contract.types import Column, Columns, Contract
from mlops.gates import robustness
from mlops.gates.base import Verdict
from tests.support.small_model import ROW, context, predict


def judged(folder: Path, model: Callable[[Columns], Columns] = predict, row: Contract = ROW) -> list[Verdict]:
    return list(robustness.check(robustness.measure(context(folder, model, row)), robustness.Limits()))


def changed(**columns: Callable[[Columns], np.ndarray]) -> Callable[[Columns], Columns]:
    """The model, some of whose features are first changed."""
    return lambda x: predict(x | {name: change(x) for name, change in columns.items()})


def test_a_sound_model_passes_and_each_kind_of_oddness_is_told_once(tmp_path: Path):
    verdicts = judged(tmp_path)
    assert all(verdict.passed for verdict in verdicts), verdicts
    assert [verdict.subject for verdict in verdicts] == ["small noise", "order of rows", "income is null", "odd rows"]
    assert verdicts[-1].why == "on 14 kinds of odd rows every figure is finite and every probability in 0 to 1."


def restless(x: Columns) -> Columns:
    return {"score": (1 + np.sin(x["age"] * 1e4)) / 2}


def ranked(x: Columns) -> Columns:
    return {"score": np.arange(len(x["age"])) / len(x["age"])}


def centred(x: Columns) -> Columns:
    return {"score": 1 / (1 + np.exp(-(x["age"] - x["age"][0]) / 20))}


def unbounded(x: Columns) -> Columns:
    return {"score": (x["age"] - 18) / 60}


def overflowing(x: Columns) -> Columns:
    return {"value": np.exp(np.nan_to_num(x["income"]))}


def dividing(x: Columns) -> Columns:
    return {"score": x["age"] / x["age"].sum() / (x["age"].max() - x["age"].min())}


@pytest.mark.parametrize(
    ("model", "subject", "why"),
    [
        (restless, "small noise", "of the rows are decided otherwise with small noise; at most 5.0% may be."),
        (ranked, "order of rows", "on rows in another order figures are up to 1.0e+00 of"),
        (centred, "order of rows", "in another order figures are up to"),
        (changed(job=lambda x: np.where(x["job"] < 0, 1, x["job"])), None, None),
        (changed(age=lambda x: np.where(x["job"] == -2, 0, x["age"])), "job is unseen", "where job is unseen"),
        (changed(age=lambda x: np.where(x["job"] == -1, 0, x["age"])), "job is null", "where job is null"),
        (changed(age=lambda x: x["age"] + 0 * x["income"]), "income is null", "where income is null"),
        (changed(age=lambda x: x["age"] + 0 * x["income"]), "where income is null", "score is not a finite number"),
        (unbounded, "where age is the highest", "rows where age is the highest: score is outside of 0 to 1."),
        (overflowing, "where income is the highest", "where income is the highest: value is not a finite number."),
        (dividing, "that are all alike", "rows that are all alike: score is not a finite number."),
        (lambda x: predict(x) | {"score": np.full(len(x["age"]), np.nan)}, "as they are", "rows as they are: score"),
    ],
)
def test_what_a_model_does_wrong_is_refused_by_name(tmp_path: Path, model, subject: str | None, why: str | None):
    refusing = {verdict.subject: verdict for verdict in judged(tmp_path, model) if not verdict.passed}
    if subject is None:
        assert not refusing
    else:
        assert why and why in refusing[subject].why
        assert refusing[subject].next_step


def test_reasons_must_be_finite_as_well(tmp_path: Path):
    made = context(tmp_path)
    predictor = made.predictor
    predictor.explain = lambda x: {"reason.age": np.log(x["age"] - 18)}
    refusing = [
        verdict for verdict in robustness.check(robustness.measure(made), robustness.Limits()) if not verdict.passed
    ]
    assert "rows where age is the lowest: reason.age is not a finite number." in [verdict.why for verdict in refusing]


def test_a_value_that_most_rows_share_is_no_measurement_and_is_not_shaken():
    gains, ages = np.where(np.arange(100) < 90, 0.0, 5000.0 + np.arange(100)), np.linspace(20, 60, 100)
    columns = [Column("gain", "number", range=(0, 99_999)), Column("age", "number", range=(20, 60))]
    noisy = robustness.shaken({"gain": gains, "age": ages}, columns)
    assert (noisy["gain"][:90] == 0).all() and (noisy["gain"][90:] != gains[90:]).all()
    assert 0 < np.abs(noisy["age"] - ages).mean() < 0.02 * ages.std() and noisy["age"].max() <= 60


def test_limits_say_how_much_may_flip(tmp_path: Path):
    measured = robustness.measure(context(tmp_path))
    strict = robustness.Limits(most_flips=1e-9, most_flips_of_a_hole=1e-9)
    refusing = [verdict.subject for verdict in robustness.check(measured, strict) if not verdict.passed]
    assert {"small noise", "income is null", "job is null", "job is unseen"} >= {*refusing} >= {"income is null"}
    calm = replace(measured, holes=[])
    assert all(verdict.passed for verdict in robustness.check(calm, robustness.Limits()))
