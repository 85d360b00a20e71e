"""What differs between two runs is said truly, and a difference in a metric is judged on the rows of both."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlops.errors import Misuse
from mlops.evidence.compare import changed_data, changed_lines, common, differences_of, judged, sentence
from mlops.evidence.report.facts import Evaluation
from mlops.stats import Interval
from mlops.steps.package import Package

NOTHING: dict[str, Any] = {"code": {}, "data": {}, "champion": {}, "environment": {}, "parameters": {}}
COLUMNS = {"id": ("id", "text"), "y": ("label", "flag"), "sex": ("context", "category")}
CHANCE = np.random.default_rng(1)
LABELS, GUESSES = CHANCE.integers(0, 2, 400), CHANCE.random(400)


def right(y: np.ndarray, predictions: dict, weight: np.ndarray) -> float:
    return float((weight * ((predictions["score"] > 0.5) == y)).sum() / weight.sum())


def value(y: np.ndarray, predictions: dict, weight: np.ndarray) -> float:
    return float((weight * predictions["value"]).sum() / weight.sum())


def package(**metrics: Any) -> Any:
    return SimpleNamespace(name="model", evaluate=SimpleNamespace(outcome=right, METRICS=metrics))


def evaluation(score: np.ndarray, ids: list[str] | None, y: np.ndarray = LABELS, **figures: float) -> Evaluation:
    """What a run would have recorded of these scores."""
    columns = {"id": ids, "y": y[: len(score)], "predicted.score": score}
    rows = pl.DataFrame({name: values for name, values in columns.items() if values is not None})
    about = {name: dict(zip(("role", "dtype"), said, strict=True)) for name, said in COLUMNS.items() if name in rows}
    outcome = right(rows["y"].to_numpy(), {"score": score}, np.ones(len(score)))
    metrics = {name: {"value": each, "low": None, "high": None} for name, each in {"right": outcome, **figures}.items()}
    kept = {name: {**each, "categories": []} for name, each in about.items()}
    return Evaluation({"outcome": metrics["right"], "metrics": metrics, "columns": kept}, rows)


def ids(first: int, last: int) -> list[str]:
    return [f"A{number}" for number in range(first, last)]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "nothing that is recorded differs"),
        ({"data": {"rows": []}}, "only the data differs"),
        ({"code": {"a.py": []}}, "only the code differs"),
        ({"code": {"a.py": []}, "champion": {"gate.champion": []}}, "the code and the champion differ"),
        ({"environment": {"numpy": []}}, "only the environment differs"),
        ({"parameters": {"seed": []}}, "only the parameter seed differs"),
        ({"parameters": {"rounds": [], "seed": []}}, "only the parameters rounds and seed differ"),
        ({"code": {"a.py": []}, "data": {"rows": []}}, "the code and the data differ"),
        (
            {"code": {"a.py": []}, "data": {"rows": []}, "parameters": {"seed": []}},
            "the code, the data and the parameter seed differ",
        ),
    ],
)
def test_the_first_sentence_says_what_differs(found: dict, said: str):
    assert sentence(NOTHING | found) == said


def test_a_real_difference_is_told_from_noise():
    a = evaluation(np.where(CHANCE.random(400) < 0.6, LABELS, 1 - LABELS).astype(float), ids(0, 400))
    better = evaluation(LABELS.astype(float), ids(0, 400))
    turned = a.rows["predicted.score"].to_numpy().copy() if a.rows is not None else GUESSES
    turned[[np.flatnonzero(turned == LABELS)[0], np.flatnonzero(turned != LABELS)[0]]] = [0.5, LABELS[0]]
    for other, verdict in ((better, "more than noise"), (evaluation(turned, ids(0, 400)), "within noise")):
        found, rows, remarks = differences_of(a, other, package(right=right), same_data=True)
        assert (rows, remarks) == (400, [])
        assert judged(None, None, found["right"])["verdict"] == verdict


@pytest.mark.parametrize(
    ("sense", "said"), [(1, ("better, ", "worse, ")), (-1, ("worse, ", "better, ")), (0, ("", ""))]
)
def test_more_than_noise_is_better_or_worse_where_that_is_known(sense: int, said: tuple[str, str]):
    for difference, word in zip((Interval(0.2, 0.1, 0.3), Interval(-0.2, -0.3, -0.1)), said, strict=True):
        assert judged(None, None, difference, sense)["verdict"] == f"{word}more than noise"
    assert judged(None, None, Interval(0.1, -0.1, 0.3), sense)["verdict"] == "within noise"
    assert judged(None, None, Interval(0.1, None, None), sense)["verdict"] == "not judged"


def test_rows_are_paired_by_id_in_any_order_and_only_those_of_both():
    a = evaluation(GUESSES[:300], ids(0, 300))
    y = LABELS[100:400][::-1]
    b = evaluation(GUESSES[100:400][::-1].copy(), ids(100, 400)[::-1], y)
    found, rows, _ = differences_of(a, b, package(), same_data=False)
    assert rows == 200
    assert found["outcome"] == Interval(0.0, 0.0, 0.0)


def test_rows_whose_label_was_corrected_are_left_out_and_counted():
    other = LABELS.copy()
    other[:7] = 1 - other[:7]
    _, rows, remarks = differences_of(
        evaluation(GUESSES, ids(0, 400)), evaluation(GUESSES, ids(0, 400), other), package(), same_data=False
    )
    assert rows == 393
    assert remarks == ["Left out, since their label or weight differs: 7 of the rows in both."]


@pytest.mark.parametrize(
    ("b", "same_data", "said"),
    [
        (evaluation(GUESSES, ["A1"] * 400), True, "an id stands more than once in 'id'"),
        (evaluation(GUESSES, None), True, "the contracts differ in id, label or weight"),
        (evaluation(GUESSES[:5], [f"B{number}" for number in range(5)]), False, "no row is the same in both"),
        (Evaluation(evaluation(GUESSES, ids(0, 400)).figures, None), True, "a table of predictions is missing"),
    ],
)
def test_rows_that_cannot_be_paired_are_not_judged(b: Evaluation, same_data: bool, said: str):
    found, rows, [remark] = differences_of(evaluation(GUESSES, ids(0, 400)), b, package(), same_data)
    assert (found, rows) == ({}, 0)
    assert said in remark and remark.endswith("Whether intervals overlap is no test.")


def test_without_an_id_rows_are_paired_by_position_only_when_they_are_the_same_rows():
    a = evaluation(GUESSES, None)
    assert common(a, evaluation(1 - GUESSES, None), same_data=True)[2] == 0
    for other, same_data in (
        (evaluation(GUESSES, None), False),
        (evaluation(GUESSES[:399], None), True),
        (evaluation(GUESSES, None, LABELS[::-1]), True),
    ):
        with pytest.raises(Misuse):
            common(a, other, same_data)


def test_a_metric_that_needs_a_column_which_is_not_there_is_named_and_the_others_are_judged():
    sides = [evaluation(GUESSES, ids(0, 400), value=0.5) for _ in range(2)]
    found, rows, [remark] = differences_of(sides[0], sides[1], package(right=right, value=value), same_data=True)
    assert (sorted(found), rows) == (["outcome", "right"], 400)
    assert remark.startswith("value is not judged: evaluate.py fails on the predictions with KeyError 'value'")


def test_a_metric_that_is_computed_otherwise_than_it_was_recorded_is_not_judged():
    sides = [evaluation(GUESSES, ids(0, 400), strict=0.123) for _ in range(2)]
    found, _, [remark] = differences_of(sides[0], sides[1], package(right=right, strict=right), same_data=True)
    assert sorted(found) == ["outcome", "right"]
    assert remark.startswith("strict is not judged: evaluate.py computes it otherwise now")


def test_a_package_that_does_not_import_is_said():
    sides = [evaluation(GUESSES, ids(0, 400)) for _ in range(2)]
    found, rows, [remark] = differences_of(sides[0], sides[1], Package("no_such_model"), same_data=True)
    assert (found, rows) == ({}, 0)
    assert "src/no_such_model/evaluate.py is missing" in remark


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ((0o100000, b"a\nb\nc\n"), (0o100000, b"a\nx\ny\nc\n"), [1, 2]),
        (None, (0o100000, b"a\nb\n"), [0, 2]),
        ((0o100000, b"a\n"), None, [1, 0]),
        ((0o100000, b"a\n"), (0o100100, b"a\n"), [0, 0]),
        ((0o100000, b"\0"), (0o100000, b"\0\0"), [None, None]),
    ],
)
def test_lines_of_a_file_are_counted_on_both_sides(before, after, lines):
    assert changed_lines(before, after) == lines


def test_inputs_with_the_same_bytes_are_the_same_whatever_their_names_and_versions():
    kept = {"path": "/a/rows.parquet", "digest": "1", "version": "rows:1"}
    a = {"data": {"rows": kept, "more": kept}}
    b = {"data": {"rows": kept | {"path": "/b/rows.parquet", "version": None}}}
    assert changed_data((a, b), but=()) == {"more": [kept, None]}
    assert changed_data((a, b), but=("rows.parquet",)) == {}


def test_the_model_in_service_is_no_data():
    served = {"path": "/models/1/content", "digest": "2", "version": None}
    a, b = {"data": {}}, {"data": {"gate.champion": served}}
    assert changed_data((a, b), but=()) == {}
    assert changed_data((a, b), but=(), served=True) == {"gate.champion": [None, served]}
