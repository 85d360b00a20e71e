"""The gate on leakage: no feature gives the label away alone, and each is known when a prediction is asked for."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlops.contract.types import Column, Contract, Dtype
from mlops.errors import Refused
from mlops.gates.alone import skill
from mlops.gates.base import Verdict
from mlops.gates.leakage import Limits, check, measure
from tests.support.sources import given

ROWS = 1000
CLASSES = ("low", "normal", "high")
LABELS = {
    "flag": Column("label", "flag", "label"),
    "category": Column("label", "category", "label", categories=CLASSES),
    "number": Column("label", "number", "label"),
}
RANDOM = np.random.default_rng(5)
PLACES = RANDOM.integers(0, 3, ROWS)
TRUTHS = {
    "flag": PLACES > 0,
    "category": np.array(CLASSES)[PLACES],
    "number": np.exp(2 * RANDOM.normal(size=ROWS)),
}
AGE, JOB = Column("age", "number", nullable=True), Column("job", "text", nullable=True)


def frame(kind: str, **changed) -> pl.DataFrame:
    """Rows whose features say nothing about the label, but for those that are changed."""
    random = np.random.default_rng(3)
    jobs = np.array(["cook", "clerk", "none"])[random.integers(0, 3, ROWS)]
    return pl.DataFrame({"age": random.normal(50, 9, ROWS), "job": jobs, "label": TRUTHS[kind]} | changed)


def judged(folder: Path, frame: pl.DataFrame, kind: str, source: Contract | None = None) -> list[Verdict]:
    row = Contract(AGE, JOB, LABELS[kind])
    return list(check(measure(given(folder, frame, source or row, row)), Limits()))


@pytest.mark.parametrize("kind", LABELS)
def test_features_that_say_little_pass_with_one_sentence(tmp_path: Path, kind: str):
    noisy = np.where(np.arange(ROWS) % 4 == 0, "none", pl.Series(TRUTHS[kind]).rank("dense").cast(pl.String).to_numpy())
    [verdict] = judged(tmp_path, frame(kind, job=noisy), kind)
    assert verdict.passed, verdict
    assert "no feature more; a feature alone may explain 95%." in verdict.why


@pytest.mark.parametrize(
    ("kind", "feature", "values"),
    [
        ("flag", "age", TRUTHS["flag"] + RANDOM.random(ROWS) / 2),
        ("flag", "job", np.where(TRUTHS["flag"], "cook", "clerk")),
        ("flag", "age", np.where(TRUTHS["flag"], RANDOM.random(ROWS), np.nan)),
        ("flag", "job", [None if good else "cook" for good in TRUTHS["flag"]]),
        ("category", "job", [name.upper() for name in TRUTHS["category"]]),
        ("category", "age", PLACES + RANDOM.random(ROWS) / 2),
        ("number", "age", 7 - TRUTHS["number"] / 12),
        ("number", "age", np.log(TRUTHS["number"]) + 0.01 * RANDOM.normal(size=ROWS)),
    ],
)
def test_a_feature_that_gives_the_label_away_is_refused_alone(tmp_path: Path, kind: str, feature: str, values):
    [verdict] = judged(tmp_path, frame(kind, **{feature: values}), kind)
    assert not verdict.passed and verdict.subject == feature
    assert verdict.why.startswith(f"{feature} alone explains ")
    assert "after the outcome" in verdict.next_step


@pytest.mark.parametrize("dtype", ["flag", "category"])
def test_a_leak_is_seen_in_columns_of_each_type(tmp_path: Path, dtype: Dtype):
    values = TRUTHS["flag"] if dtype == "flag" else np.where(TRUTHS["flag"], "yes", "no")
    leaking = Column("leak", dtype, categories=("yes", "no") if dtype == "category" else ())
    row = Contract(AGE, leaking, LABELS["flag"])
    context = given(tmp_path, frame("flag").with_columns(leak=pl.Series(values)), row)
    assert [verdict.subject for verdict in check(measure(context), Limits()) if not verdict.passed] == ["leak"]


def test_a_feature_that_the_sources_have_in_another_role_is_refused(tmp_path: Path):
    source = Contract(AGE, Column("job", "text", "context", nullable=True), LABELS["flag"])
    role, rest = judged(tmp_path, frame("flag"), "flag", source)
    assert not role.passed and role.why == "job is a feature in ROW, but SOURCES has it with role 'context'."
    assert rest.passed


def test_a_label_that_never_differs_cannot_be_judged(tmp_path: Path):
    with pytest.raises(Refused, match="the label is the same in all rows"):
        judged(tmp_path, frame("flag", label=[True] * ROWS), "flag")


def test_test_rows_without_the_rare_class_give_nothing_away():
    random = np.random.default_rng(0)
    learnt, label = np.arange(200) < 160, LABELS["flag"]
    truth = (np.arange(200) < 4).astype(np.int8)
    assert skill(AGE, random.normal(size=200), label, truth, learnt) == 0
    assert skill(AGE, truth.astype(float), label, truth[::-1].copy(), learnt) < 0.95
