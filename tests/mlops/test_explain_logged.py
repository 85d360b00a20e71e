"""Why a model said what it said: a request of the log, found again with the values that are kept apart."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlops import explain
from mlops.errors import Misuse, Refused
from mlops.outcomes import ids, logged
from mlops.outcomes.log import compact
from mlops.serving.log import Log
from mlops.serving.minutes import Minutes, lines
from mlops.serving.scorer import Scorer
from tests.mlops.wards import ROW, words
from tests.mlops.wards import wards as wards

ONE, TWO = "m" + "1" * 12, "m" + "2" * 12


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
