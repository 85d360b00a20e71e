"""Slices in which the model is far worse: found, declared, and too small to judge."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlops import settings
from mlops.contract.types import Column, Contract
from mlops.errors import Misuse
from mlops.gates.slices import Limits, check, measure
from tests.support.judged import predicting
from tests.support.project import Project

KINDS = ("tiny", "usual", "odd")
FEATURES = (
    Column("age", "number", unit="years"),
    Column("kind", "category", categories=KINDS),
    Column("insured", "flag"),
)
ROW = Contract(*FEATURES, Column("good", "flag", "label"))
DEFAULTS = Limits()


def rows(count: int = 4000) -> pl.DataFrame:
    random = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "age": random.uniform(20, 60, count),
            "kind": random.choice(KINDS, count, p=[0.01, 0.6, 0.39]),
            "insured": random.random(count) < 0.5,
            "good": random.random(count) < 0.5,
        }
    )


def scored(frame: pl.DataFrame, wrong: Any = False) -> dict[str, np.ndarray]:
    """Good scores, and the opposite of them where they are wrong."""
    right = np.where(frame["good"], 0.8, 0.2)
    return {"score": np.where(wrong, 1 - right, right)}


def judged(
    folder: Path, frame: pl.DataFrame, predictions: dict, limits: Limits = DEFAULTS, row: Contract = ROW
) -> list:
    return list(check(measure(predicting(folder, row, frame, predictions, slices=limits)), limits))


def test_a_model_that_is_as_good_everywhere_passes_with_one_sentence(tmp_path: Path):
    frame = rows()
    [verdict] = judged(tmp_path, frame, scored(frame))
    assert verdict.passed and verdict.subject == "found"
    assert "slices found of 100 rows or more none is far worse; the nearest: error where " in verdict.why


def test_a_broken_value_is_refused_once_and_not_again_in_what_lies_in_it(tmp_path: Path):
    frame = rows()
    broken, rest = judged(tmp_path, frame, scored(frame, frame["kind"] == "odd"))
    assert (broken.subject, broken.passed, rest.passed) == ("kind odd", False, True)
    assert broken.why.startswith("error where kind odd, less that in all rows, is 1.")


def test_a_fault_that_only_two_features_together_show_is_found(tmp_path: Path):
    frame = rows()
    predictions = scored(frame, (frame["kind"] == "odd") & frame["insured"] & (frame["age"] > 50))
    refused = {verdict.subject for verdict in judged(tmp_path, frame, predictions) if not verdict.passed}
    assert any(" and kind odd" in subject for subject in refused)


def test_a_slice_of_few_rows_is_judged_only_where_the_limit_says_so(tmp_path: Path):
    frame = rows()
    predictions = scored(frame, frame["kind"] == "tiny")
    assert all(verdict.passed for verdict in judged(tmp_path, frame, predictions))
    few = judged(tmp_path, frame, predictions, Limits(least_rows=20))
    assert "kind tiny" in {verdict.subject for verdict in few if not verdict.passed}


def test_a_declared_slice_has_a_verdict_of_its_own(tmp_path: Path):
    frame = rows()
    limits = Limits(declared={"young": "age < 30 and kind = 'usual'", "nobody": "age > 99"})
    verdicts = judged(tmp_path, frame, scored(frame), limits)
    assert [(verdict.subject, verdict.passed) for verdict in verdicts] == [
        ("nobody", False), ("young", True), ("found", True),
    ]  # fmt: skip
    assert verdicts[0].why == "nobody has 0 rows, and is judged by at least 100."
    wrong = judged(tmp_path, frame, scored(frame, (frame["age"] < 30) & (frame["kind"] == "usual")), limits)
    assert ("young", False) in {(verdict.subject, verdict.passed) for verdict in wrong}


@pytest.mark.parametrize("condition", ["agee < 30", "age <", "kind"])
def test_a_declared_slice_that_is_no_condition_is_wrong_use_at_its_line(
    reference: Project, tmp_path: Path, condition: str
):
    file, frame = tmp_path / "mlops.yaml", rows(200)
    text = (reference.path / "mlops.yaml").read_text()
    gates = f"gates:\n  slices:\n    declared:\n      young: {condition}\n    reason: tried\n"
    file.write_text(text[: text.index("gates:\n")] + gates + text[text.index("environments:\n") :])
    context = predicting(tmp_path, ROW, frame, scored(frame))
    object.__setattr__(context, "settings", settings.load(file))
    with pytest.raises(Misuse, match=r"mlops\.yaml:\d+: `gates\.slices\.declared\.young` is no condition for rows: "):
        measure(context)


def test_few_rows_in_all_are_said_to_be_too_few(tmp_path: Path):
    frame = rows(60)
    [verdict] = judged(tmp_path, frame, scored(frame))
    assert verdict.passed and verdict.why == "of 0 slices found of 100 rows or more none is far worse."


@pytest.mark.parametrize("kind", ["number", "classes", "labels"])
def test_another_kind_of_label_is_judged_the_same_way(tmp_path: Path, kind: str):
    frame, random = rows(), np.random.default_rng(2)
    odd = (frame["kind"] == "odd").to_numpy()
    if kind == "number":
        rent = random.normal(500, 100, len(frame))
        label, truth = Column("rent", "number", "label"), pl.Series(rent)
        sound = {"value": rent + random.normal(0, 30, len(frame))}
        wrong = {"value": np.where(odd, 1000 - rent, sound["value"])}
    else:
        names, code = ("a", "b", "c"), random.integers(0, 3, len(frame))
        label, truth = Column("of", "category", "label", categories=names), pl.Series(np.array(names)[code])
        bad = np.where(odd, (code + 1) % 3, code)
        sound, wrong = ({"label": each} for each in (code, bad))
        if kind == "classes":
            sound, wrong = (
                {f"score.{name}": 0.1 + 0.7 * (each == place) for place, name in enumerate(names)}
                for each in (code, bad)
            )
    row, frame = Contract(*FEATURES, label), frame.with_columns(truth.alias(label.name))
    assert all(verdict.passed for verdict in judged(tmp_path, frame, sound, row=row))
    refused = [verdict.subject for verdict in judged(tmp_path, frame, wrong, row=row) if not verdict.passed]
    assert refused == ["kind odd"]


def test_a_slice_in_which_a_rare_class_is_common_is_not_worse_for_that(tmp_path: Path):
    random, frame = np.random.default_rng(3), rows(8000)
    share = np.where(frame["kind"] == "odd", np.where(frame["age"] > 55, 0.4, 0.002), 0.002)
    frame = frame.with_columns(good=pl.Series(random.random(8000) < share))
    assert all(verdict.passed for verdict in judged(tmp_path, frame, {"score": share}))
    wrong = np.where(share == 0.4, 0.002, np.where(frame["age"] > 55, 0.4, 0.002))
    refused = {verdict.subject for verdict in judged(tmp_path, frame, {"score": wrong}) if not verdict.passed}
    assert any("kind" in subject for subject in refused)
