"""Why a model says what it says: rows of files and of the log, judged as requests are, in words."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from mlops import explain
from mlops.contract.types import Column, Contract
from mlops.errors import Failure, Misuse, Refused
from mlops.outcomes import ids, logged
from mlops.outcomes.log import compact
from mlops.reasons import reasons
from mlops.serving.log import Log
from mlops.serving.minutes import Minutes, lines
from mlops.serving.scorer import Scorer

ROW = {
    "age": 30,
    "heat": 2.5,
    "ward": "north",
    "job": "cook",
    "smoker": False,
    "since": "2024-05-17T09:30:00Z",
    "note": "jane",
}
CSV = ",".join(ROW) + "\n30,2.5,north,cook,false,2024-05-17 09:30,jane\n"
ONE, TWO = "m" + "1" * 12, "m" + "2" * 12


@pytest.fixture
def wards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """Its ward is sensitive, its note is text."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "serving" / "models")
    return Scorer.load("wards", tmp_path)


@pytest.fixture
def ask(tmp_path: Path, wards: Scorer) -> Callable[..., None]:
    """A server answers and logs a request."""

    def ask(
        id: str, *rows: dict[str, Any], deployment: str = ONE, mirrored: bool | None = None, now: float = 0,
        apart: Collection[str] = ROW,
    ) -> None:  # fmt: skip
        request = wards.reader.read(json.dumps({"rows": rows}).encode())
        [found] = wards.answer([request])
        assert not isinstance(found, Exception)
        key, spool = ids.of_project(tmp_path), tmp_path / "serving"
        features = [column for column in wards.contract.features if column.name in apart]
        log = Log(spool, key, deployment, f"wards:{deployment[1]}", features)
        log.write(id, request.rows, [answer | {"decision": answer["decision"] + now} for answer in found])
        log.close()
        if mirrored is not None:
            said = {"time": 0.0, "deployment": deployment, "mirrored": mirrored, "id": ids.hashed(id, key)}
            Minutes(spool / "traffic", "endpoint").append(lines([said]))

    return ask


def write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    if isinstance(content, pl.DataFrame):
        content.write_parquet(file)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def words(rows: list[explain.Explained]) -> list[list[str]]:
    return [list(map(str, each.reasons)) for each in rows]


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


@pytest.mark.parametrize("packed", [False, True])
def test_a_category_that_is_kept_apart_in_some_rows_only_is_found_in_all(wards: Scorer, tmp_path: Path, ask, packed):
    jobs = ["cook", "nurse of Jane", None]
    ask("r7", *(ROW | {"job": job} for job in jobs))
    if packed:
        compact(tmp_path / "serving", datetime.now(UTC).date() + timedelta(9), 1, 90)
    assert [line["inputs.job"] for line in logged.find(tmp_path, "r7")] == jobs
    assert len(explain.of_request(wards, logged.find(tmp_path, "r7"))) == 3


def test_a_logged_request_is_explained_row_by_row_packed_or_not(wards: Scorer, tmp_path: Path, ask):
    ask("other", ROW | {"age": 99, "ward": "south side", "note": None})
    ask("r7", ROW, ROW | {"age": 31, "heat": None, "ward": "south side", "since": None})
    expected = [["age 30 years raises it", "heat 2.5 raises it"], ["age 31 years raises it"]]
    found = logged.find(tmp_path, "r7")
    assert {(line["deployment"], line["model"]) for line in found} == {(ONE, "wards:1")}
    second = ROW | {"age": 31, "heat": None, "ward": "south side", "since": None}
    assert [{name: line[f"inputs.{name}"] for name in ROW} for line in found] == [ROW, second]
    rows = explain.of_request(wards, found)
    assert (words(rows), [each.row for each in rows]) == (expected, [1, 2])
    compact(tmp_path / "serving", datetime.now(UTC).date() + timedelta(9), 1, 90)
    assert not list(tmp_path.glob("serving/*/*.jsonl"))
    assert words(explain.of_request(wards, logged.find(tmp_path, "r7"))) == expected


def test_the_last_answer_that_a_caller_got_is_explained_and_never_one_to_a_copy(tmp_path: Path, ask):
    ask("r7", ROW | {"age": 1}, ROW | {"age": 1}, mirrored=False)
    ask("r7", ROW, mirrored=False)
    ask("r7", ROW | {"age": 2}, deployment=TWO, mirrored=True)
    [line] = logged.find(tmp_path, "r7")
    assert (line["deployment"], line["inputs.age"]) == (ONE, 30)
    ask("r8", ROW, deployment=TWO, mirrored=True)
    with pytest.raises(Misuse, match="no answer in the log"):
        logged.find(tmp_path, "r8")


def test_values_kept_apart_that_may_be_those_of_another_request_are_not_guessed(tmp_path: Path, ask):
    ask("r7", ROW)
    ask("r7", ROW | {"ward": "south side"})
    with pytest.raises(Refused, match="the id was given to several requests"):
        logged.find(tmp_path, "r7")


@pytest.mark.parametrize("job", ["cook", None])
def test_free_text_of_an_earlier_request_is_not_taken_for_that_of_a_later_one(tmp_path: Path, ask, job: str | None):
    ask("r7", ROW | {"job": "nurse of Jane"}, apart=("job",))
    ask("r7", ROW | {"job": job}, apart=("job",))
    with pytest.raises(Refused, match="the id was given to several requests"):
        logged.find(tmp_path, "r7")


def test_who_asks_again_gets_the_values_that_can_only_be_of_the_last_request(tmp_path: Path, ask):
    for job in ("cook", "nurse of Jane", "nurse of Jane"):
        ask("r7", ROW | {"job": job}, apart=("job",))
        assert [line["inputs.job"] for line in logged.find(tmp_path, "r7")] == [job]


def test_a_request_whose_values_are_gone_is_refused_in_words(wards: Scorer, tmp_path: Path, ask):
    ask("r7", ROW)
    for file in tmp_path.glob("serving/sensitive/*"):
        file.unlink()
    with pytest.raises(Misuse, match="the values of ward, note are not kept any more"):
        explain.of_request(wards, logged.find(tmp_path, "r7"))


def test_an_answer_that_the_model_does_not_give_is_not_explained(wards: Scorer, tmp_path: Path, ask):
    ask("r7", ROW, now=1)
    with pytest.raises(Refused, match="wards:1 does not answer this request as the log says"):
        explain.of_request(wards, logged.find(tmp_path, "r7"))


def test_an_id_that_the_log_does_not_have_and_a_version_that_is_gone_are_said_without_the_id(tmp_path: Path, ask):
    ask("r7", ROW)
    with pytest.raises(Misuse, match="no answer in the log") as refused:
        logged.find(tmp_path, "jane@example.org")
    assert "jane" not in str(refused.value)
    none: Any = SimpleNamespace(models=SimpleNamespace(list=lambda: ()))
    with pytest.raises(Misuse, match=rf"answered by wards:1 \({ONE}\), which is not registered any more"):
        explain.answered(logged.find(tmp_path, "r7"), none)


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
