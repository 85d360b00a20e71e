"""Why a model says what it says: rows of files, judged as requests are, in words."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops import explain
from mlops.contract.types import Column, Contract
from mlops.errors import Failure, Misuse
from mlops.reasons import reasons
from mlops.serving.scorer import Scorer
from tests.mlops.wards import ROW, words
from tests.mlops.wards import wards as wards

CSV = ",".join(ROW) + "\n30,2.5,north,cook,false,2024-05-17 09:30,jane\n"


def write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    if isinstance(content, pl.DataFrame):
        content.write_parquet(file)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("row.json", ROW),
        ("row.json", {"rows": [ROW | {"case": "A1"}], "reasons": False}),
        ("row.csv", CSV),
        ("ROW.PARQUET", pl.DataFrame([ROW | {"sex": "f"}])),
    ],
)
def test_a_row_is_explained_from_whatever_it_is_kept_in(wards: Scorer, tmp_path: Path, name: str, content: Any):
    [found] = explain.of_file(wards, write(tmp_path, name, content))
    assert (found.row, words([found])) == (1, [["age 30 years raises it", "heat 2.5 raises it"]])
    assert [round(each.share, 3) for each in found.reasons] == [0.923, 0.077]
    assert found.answer["label"] == "can wait" and "reasons" not in found.answer


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("row.json", ROW | {"age": 200}, "row 1, age: 200 is not a number from 0 to 120 (years)"),
        ("row.json", ROW | {"ward": "jail"}, "row 1, ward: its value is not one of 'north', 'south side'"),
        ("row.json", {"rows": [ROW, {"age": 3}]}, "row 2, heat: is missing"),
        ("row.json", ROW | {"sex": "f"}, "row 1, 'sex': is no feature of the model"),
        ("row.json", {"rows": []}, "rows"),
        ("row.json", "{", "is not valid JSON"),
        pytest.param("row.json", "[" * 100_000, "is not valid JSON", id="deep"),
        ("row.json", json.dumps(ROW | {"note": "\ud800"}), "holds half a character"),
        ("row.json", json.dumps(ROW | {"heat": float("nan")}), "is not valid JSON: NaN is no number of JSON"),
        ("row.json", json.dumps({"rows": [ROW | {"heat": float("inf")}]}), "is not valid JSON: Infinity is no number"),
        (
            "row.csv",
            CSV.replace("30,2.5", "old,2.5"),
            "age: 1 value that cannot be read as number, for instance 'old' (row 1)",
        ),
        ("row.csv", CSV.replace("north", "jail"), "ward: 1 value in no category of the contract, for instance row 1"),
        ("row.csv", CSV.replace("heat", "hot"), "heat: the column is missing"),
        ("row.csv", CSV.splitlines()[0] + "\n", "0 rows, fewer than the 1 it must have"),
        ("row.txt", "30", "of a kind that is not read here ('.txt')"),
    ],
)
def test_what_a_request_may_not_hold_is_refused_with_row_and_field(
    wards: Scorer, tmp_path: Path, name, content, sentence
):
    with pytest.raises(Misuse) as refused:
        explain.of_file(wards, write(tmp_path, name, content))
    assert sentence in str(refused.value) and name in str(refused.value)
    assert "jail" not in str(refused.value) and "jane" not in str(refused.value)


def test_more_rows_than_a_request_may_have_are_refused(wards: Scorer, tmp_path: Path):
    heads, row = CSV.splitlines()
    with pytest.raises(Misuse, match="at most 1,000 rows"):
        explain.of_file(wards, write(tmp_path, "rows.csv", "\n".join([heads, *[row] * 1001])))


def test_a_model_that_fails_is_said(wards: Scorer, tmp_path: Path):
    with pytest.raises(Failure, match="answers reason.heat with a number that is not finite"):
        explain.of_file(wards, write(tmp_path, "row.json", ROW | {"heat": 42}))


def test_values_that_say_who_somebody_is_are_not_quoted_and_what_moves_nothing_is_left_out():
    contract = Contract(Column("sex", "flag", sensitive=True), Column("note", "text"), Column("age", "number"))
    found = reasons(
        {"sex": True, "note": "jane", "age": 3}, contract, {"sex": 2.0, "note": -1.0, "age": 0.0, "made_up": 1.0}
    )
    assert list(map(str, found)) == ["sex raises it", "note lowers it", "made up raises it"]
    assert [each.share for each in found] == [0.5, 0.25, 0.25]


def test_free_text_in_place_of_a_category_is_not_quoted():
    contract = Contract(Column("job", "category", categories=("cook",), unseen="accept", nullable=True))
    found = [str(reasons({"job": job}, contract, {"job": 1.0})[0]) for job in ("cook", "nurse of Jane", None)]
    assert found == ["job cook raises it", "job not in the list raises it", "job not given raises it"]


KINDS = {
    "regression": (
        {"coefficients": {"one": 200.0, "area": 10.0, "lift": -5.0}},
        {"area": 50, "rooms": None, "district": "hill", "lift": True},
        ("value", {"value": "695 EUR"}, ["area 50 m² raises it", "lift yes lowers it"]),
    ),
    "three_class": (
        {"inputs": ["reminders"], "coef": [[-1.0], [0.0], [1.0]], "intercept": [0.0, 0.0, 0.0]},
        {"pages": 3, "reminders": 2, "deadline_days": None},
        (
            "score of high",
            {"label": "high", "scores": "low 0.01588, normal 0.1173, high 0.8668"},
            ["reminders 2 raises it"],
        ),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_and_classes_are_explained_too(tmp_path: Path, kind: str):
    facts, row, (about, predicted, said) = KINDS[kind]
    write(tmp_path, "model.json", facts["coefficients"] if kind == "regression" else facts)
    scorer = Scorer.load(f"tests.journeys.models.{kind}", tmp_path)
    label = scorer.contract.one("label")
    [found] = explain.of_file(scorer, write(tmp_path, "row.json", row))
    assert (explain.about(found.answer, label), explain.predicted(found.answer, label)) == (about, predicted)
    assert words([found]) == [said]
