"""Gaps between groups: as fairlearn measures them, judged on their intervals, refused when shown to be too wide."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

from mlops.contract.types import Column, Contract
from mlops.errors import Refused
from mlops.gates.base import Verdict
from mlops.gates.fairness import Criterion, Figures, Limits, check, measure
from mlops.stats import Interval, drawn
from tests.support.judged import predicting

SEX = Column("sex", "category", "context", categories=("f", "m"), sensitive=True)
OLD = Column("old", "flag", "context", sensitive=True)
WAITS = Contract(Column("x", "number"), SEX, OLD, Column("good", "flag", "label"))
DEFAULTS = Limits()


def people(rows: int, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "x": random.random(rows),
            "sex": random.choice(["f", "m"], rows),
            "old": random.random(rows) < 0.3,
            "good": random.random(rows) < 0.5,
        }
    )


def scored(frame: pl.DataFrame, shift: Any = 0.0, seed: int = 1) -> dict[str, np.ndarray]:
    """Calibrated scores of a half of rows that are good, each moved by a shift before it is decided on."""
    random = np.random.default_rng(seed)
    good = frame["good"].to_numpy()
    score = np.where(random.random(len(good)) < 0.8, good, ~good) * 0.6 + 0.2
    return {"score": score, "decision": (score + shift > random.random(len(good))).astype(np.int8)}


def judged(folder: Path, row: Contract, frame: pl.DataFrame, predictions: dict, limits: Limits = DEFAULTS) -> list:
    return list(check(measure(predicting(folder, row, frame, predictions)), limits))


def refused(verdicts: list[Verdict]) -> list[str]:
    return [verdict.subject for verdict in verdicts if not verdict.passed]


def test_a_model_that_treats_all_alike_passes_by_each_column_and_by_both(tmp_path: Path):
    frame = people(4000)
    verdicts = judged(tmp_path, WAITS, frame, scored(frame))
    assert refused(verdicts) == []
    names = ["selection_rate", "selection_ratio", "true_positive_rate", "false_positive_rate", "calibration"]
    assert [verdict.subject for verdict in verdicts] == [
        f"{name} by {by}" for by in ("sex", "old", "sex and old") for name in names
    ]


def test_a_model_that_favours_a_group_is_refused_for_it_with_the_pair_and_the_figure(tmp_path: Path):
    frame = people(4000)
    verdicts = judged(tmp_path, WAITS, frame, scored(frame, np.where(frame["sex"] == "m", 0.3, 0)))
    assert {"selection_rate by sex", "selection_ratio by sex", "true_positive_rate by sex"} <= set(refused(verdicts))
    assert not [subject for subject in refused(verdicts) if "sex" not in subject]
    first = verdicts[0]
    assert first.why.startswith("selection_rate by sex, m against f, is 0.2")
    assert first.why.endswith("; the low end must be at most 0.1.") and "waivers.yaml" in first.next_step


def test_what_hits_only_those_who_are_in_two_groups_is_found_in_the_two_together(tmp_path: Path):
    frame = people(8000)
    both = (frame["sex"] == "m") == frame["old"]
    limits = Limits(criteria=["selection_rate"], selection_rate=0.3)
    assert refused(judged(tmp_path, WAITS, frame, scored(frame, np.where(both, 0.5, -0.2)), limits)) == [
        "selection_rate by sex and old"
    ]


def test_scores_that_are_too_high_for_one_group_are_refused_by_calibration_alone(tmp_path: Path):
    frame = people(4000)
    predictions = scored(frame)
    predictions["score"] = predictions["score"] + np.where(frame["sex"] == "m", 0.1, -0.05)
    assert refused(judged(tmp_path, WAITS, frame, predictions)) == ["calibration by sex", "calibration by sex and old"]


@pytest.mark.parametrize(("rows", "passes"), [(300, True), (6000, False)])
def test_a_gap_is_refused_only_when_there_are_rows_enough_to_show_it(tmp_path: Path, rows: int, passes: bool):
    frame = people(rows)
    predictions = scored(frame, np.where(frame["sex"] == "m", 0.2, 0))
    limits = Limits(criteria=["selection_rate"], least_rows=20)
    assert ("selection_rate by sex" not in refused(judged(tmp_path, WAITS, frame, predictions, limits))) is passes


def test_small_groups_are_counted_and_not_judged(tmp_path: Path):
    frame = people(600).with_columns(sex=pl.when(pl.int_range(pl.len()) < 99).then(pl.lit("f")).otherwise(pl.lit("m")))
    predictions = scored(frame, np.where(frame["sex"] == "m", 1, -1))
    row = Contract(Column("x", "number"), SEX, Column("good", "flag", "label"))
    verdict, *_ = judged(tmp_path, row, frame, predictions)
    assert verdict.passed and verdict.why == (
        "selection_rate by sex: no two groups are large enough to compare. Not judged: 1 group of fewer than 100 rows."
    )


def test_without_a_sensitive_column_one_verdict_says_so(tmp_path: Path):
    row = Contract(Column("x", "number"), Column("good", "flag", "label"))
    frame = people(50)
    [verdict] = judged(tmp_path, row, frame, scored(frame))
    assert verdict.passed and verdict.why == "no column of ROW is sensitive: there are no groups to compare."


def test_criteria_that_cannot_be_measured_give_no_verdict_which_refuses(tmp_path: Path):
    frame = people(500)
    assert judged(tmp_path, WAITS, frame, scored(frame), Limits(criteria=["mean_prediction"])) == []


def test_a_score_alone_does_not_say_who_is_selected(tmp_path: Path):
    frame = people(2000)
    scores = {"score": scored(frame)["score"]}
    assert refused(judged(tmp_path, WAITS, frame, scores)) == [
        "selection_rate", "selection_ratio", "true_positive_rate", "false_positive_rate",
    ]  # fmt: skip
    assert refused(judged(tmp_path, WAITS, frame, scores, Limits(criteria=["calibration"]))) == []


def test_of_a_flag_what_is_decided_is_judged_whatever_its_label_says(tmp_path: Path):
    frame = people(4000)
    predictions = scored(frame, np.where(frame["sex"] == "m", 0.3, 0)) | {"label": scored(frame)["decision"]}
    assert "selection_rate by sex" in refused(judged(tmp_path, WAITS, frame, predictions))


@pytest.mark.parametrize("codes", [("no", "yes"), (1, 2), (0.0, 0.5)])
def test_a_decision_in_other_codes_cannot_be_judged(tmp_path: Path, codes: tuple):
    frame = people(500)
    predictions = scored(frame)
    predictions["decision"] = np.array(codes)[predictions["decision"]]
    with pytest.raises(Refused, match="`decision` of a flag is 0 or 1"):
        judged(tmp_path, WAITS, frame, predictions)


def test_a_label_that_never_differs_cannot_be_judged(tmp_path: Path):
    frame = people(500).with_columns(good=pl.lit(True))
    with pytest.raises(Refused, match="the label is the same in all test rows"):
        judged(tmp_path, WAITS, frame, scored(frame))


def test_each_class_of_a_category_is_judged_by_itself(tmp_path: Path):
    row = Contract(Column("x", "number"), SEX, Column("kind", "category", "label", categories=("a", "b", "c")))
    random = np.random.default_rng(3)
    frame = people(3000).select("x", "sex").with_columns(kind=pl.Series(random.choice(["a", "b", "c"], 3000)))
    label = random.integers(0, 3, 3000)
    assert refused(judged(tmp_path / "fair", row, frame, {"label": label})) == []
    label = np.where((frame["sex"] == "m").to_numpy() & (label == 2) & (random.random(3000) < 0.8), 0, label)
    assert {subject.split()[2] for subject in refused(judged(tmp_path / "unfair", row, frame, {"label": label}))} == {
        "a",
        "c",
    }


def test_a_number_is_judged_in_standard_deviations_of_the_label(tmp_path: Path):
    row = Contract(Column("x", "number"), SEX, Column("rent", "number", "label"))
    random = np.random.default_rng(4)
    rent = random.normal(500, 100, 2000)
    frame = people(2000).select("x", "sex").with_columns(rent=pl.Series(rent))
    fair = {"value": rent + random.normal(0, 20, 2000)}
    assert refused(judged(tmp_path / "fair", row, frame, fair)) == []
    unfair = {"value": fair["value"] + np.where(frame["sex"] == "m", 70, 0)}
    verdicts = judged(tmp_path / "unfair", row, frame, unfair)
    assert refused(verdicts) == ["mean_prediction by sex", "calibration by sex"]
    assert verdicts[1].measured.value == pytest.approx(0.7, abs=0.03)


def test_figures_by_group_are_those_of_fairlearn_and_errors_those_of_the_bootstrap(tmp_path: Path):
    frame = people(3000)
    predictions = scored(frame, np.where(frame["sex"] == "m", 0.2, 0))
    y, decision, sex = frame["good"].to_numpy().astype(int), predictions["decision"], frame["sex"].to_numpy()
    rates: dict[str, Any] = {
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
    }
    groups = frame.select(pl.col("sex"), pl.col("old").replace_strict({True: "yes", False: "no"})).to_pandas()
    found = measure(predicting(tmp_path, WAITS, frame, predictions))
    for by, features in ((" by sex", groups["sex"]), (" by sex and old", groups)):
        theirs = MetricFrame(metrics=rates, y_true=y, y_pred=decision, sensitive_features=features).by_group
        for ours in (each for each in found if each.subject == each.criterion + by and each.criterion in rates):
            assert ours.value == pytest.approx(theirs[ours.criterion].to_numpy(), abs=1e-12)

    def gap(y, predictions, weight):
        of = {name: np.average(decision[sex == name] == 1, weights=weight[sex == name]) for name in ("f", "m")}
        return float(of["m"] - of["f"])

    gaps = [gap(y, predictions, weight) for weight in drawn(np.ones(3000), resamples=500)]
    ours = next(each for each in found if each.subject == "selection_rate by sex")
    assert np.hypot(*ours.error) == pytest.approx(np.std(gaps), rel=0.1)


def alike(criterion: Criterion, *values: float, rows: int = 1000) -> list[Figures]:
    value, each = np.array(values), np.full(len(values), rows)
    names = ["a", "b", "c"][: len(values)]
    return [Figures(criterion, f"{criterion} by sex", names, value, np.zeros(len(values)), each)]


def test_of_several_groups_the_pair_furthest_apart_is_named():
    [verdict] = check(alike("selection_rate", 0.5, 0.9, 0.55), Limits())
    assert verdict.why.startswith("selection_rate by sex, b against a, is 0.4")


@pytest.mark.parametrize(("low", "passes"), [(0.63, False), (0.65, True)])
def test_the_ratio_follows_the_four_fifths_rule(low: float, passes: bool):
    [ratio] = check(alike("selection_ratio", low, 0.8, rows=1_000_000), Limits())
    assert ratio.passed is passes and ratio.limit == 0.8


def test_groups_in_which_nobody_is_selected_are_alike():
    assert all(verdict.passed for verdict in check(alike("selection_rate", 0.0, 0.0), Limits()))
    assert all(verdict.passed for verdict in check(alike("selection_ratio", 0.0, 0.0), Limits()))


def width(verdict: Verdict) -> float:
    assert isinstance(verdict.measured, Interval) and verdict.measured.low is not None
    return (verdict.measured.high or 0) - verdict.measured.low


def test_more_comparisons_want_more_certainty():
    one = alike("true_positive_rate", 0.6, 0.7, rows=400)
    few, *_ = check(one, Limits())
    many, *_ = check(one * 30, Limits())
    assert width(few) < width(many)
