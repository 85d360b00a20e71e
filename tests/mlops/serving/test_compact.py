"""The log of predictions at rest: nothing lost, nothing twice, nothing too long."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from mlops import files
from mlops.outcomes import log
from tests.support.project import Project

TODAY = date(2026, 11, 23)
LINE = {
    "time": 1.7e9,
    "id": "a",
    "deployment": "m1",
    "model": "t:1",
    "inputs": [{"age": 41}],
    "outputs": [{"score": 0.5}],
}
COUNTS = {"rows": 0, "torn": 0, "removed": 0, "strange": 0}


def write(spool: Path, day: str, *lines: dict, minute: str = "0930", tail: str = "", kind: str = "predictions") -> Path:
    file = spool / kind / f"m1-{day}T{minute}-7.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return file


def compact(spool: Path, after: int = 7, keep: int = 90) -> dict[str, int]:
    return log.compact(spool, TODAY, after, keep)


def names(spool: Path) -> list[str]:
    return sorted(file.name for file in (spool / "predictions").iterdir())


def test_a_day_becomes_one_table_with_a_column_for_each_value(tmp_path: Path) -> None:
    write(tmp_path, "20261101", LINE | {"inputs": [{"age": 41}, {"age": None}], "outputs": LINE["outputs"] * 2})
    answer = {"label": "a", "scores": {"a": 0.5, "b": 0.5}}
    other = {"time": 1.7e9 + 1, "inputs": [{"job": "cook"}], "outputs": [answer]}
    write(tmp_path, "20261101", LINE | other, minute="0931")
    write(tmp_path, "20261101", {"id": "a", "values": [{"sex": "f"}, {}]}, kind="sensitive")
    assert compact(tmp_path) == COUNTS | {"rows": 5}
    rows = pl.read_parquet(tmp_path / "predictions" / "20261101.parquet")
    assert rows["inputs.age"].to_list() == [41, None, None] and rows["inputs.job"].to_list() == [None, None, "cook"]
    assert rows["outputs.scores.b"].to_list() == [None, None, 0.5] and rows["row"].to_list() == [0, 1, 0]
    assert str(rows["time"][2]) == "2023-11-14 22:13:21+00:00"
    held = pl.read_parquet(tmp_path / "sensitive" / "20261101.parquet")
    assert held.to_dicts() == [{"id": "a", "row": 0, "values.sex": "f"}, {"id": "a", "row": 1, "values.sex": None}]
    assert names(tmp_path) == ["20261101.parquet"]


def test_the_log_of_traffic_is_packed_and_removed_in_the_same_way(tmp_path: Path) -> None:
    write(tmp_path, "20261101", {"time": 1.7e9, "status": 200}, kind="traffic")
    write(tmp_path, "20200101", {"time": 1.7e9, "status": 200}, kind="traffic")
    assert compact(tmp_path) == COUNTS | {"rows": 1, "removed": 1}
    assert [file.name for file in (tmp_path / "traffic").iterdir()] == ["20261101.parquet"]


def test_days_that_a_release_may_still_look_at_stay_as_they_are(tmp_path: Path) -> None:
    file = write(tmp_path, "20261116", LINE)
    assert compact(tmp_path)["rows"] == 0 and file.exists()
    assert compact(tmp_path, after=6)["rows"] == 1 and not file.exists()
    write(tmp_path, "20261102", LINE)
    assert compact(tmp_path, after=100, keep=20)["removed"] == 1, "a release may look at nothing that may not be kept"


@pytest.mark.parametrize("tail", ['{"time": 1', '{"time": 1, "inputs": {"age": 3}', "7\n", '\n{"a"\n'])
def test_what_a_dying_server_cut_off_is_left_out_and_counted(tmp_path: Path, tail: str) -> None:
    write(tmp_path, "20261101", LINE, tail=tail)
    assert compact(tmp_path) == COUNTS | {"rows": 1, "torn": 1}


def test_a_file_that_is_no_log_stays_and_is_counted(tmp_path: Path) -> None:
    file = write(tmp_path, "20261101", LINE)
    strange = [file.with_name(name) for name in ("notes.jsonl", "m1-soon-7.jsonl", "old.parquet")]
    for each in strange:
        each.write_text("mine")
    assert compact(tmp_path) == COUNTS | {"rows": 1, "strange": 3}
    assert names(tmp_path) == sorted(["20261101.parquet", *(each.name for each in strange)])


def test_a_row_of_which_all_is_kept_apart_is_a_row(tmp_path: Path) -> None:
    write(tmp_path, "20261101", LINE | {"inputs": [{}, {}], "outputs": LINE["outputs"] * 2})
    assert compact(tmp_path) == COUNTS | {"rows": 2}
    assert pl.read_parquet(tmp_path / "predictions" / "20261101.parquet")["outputs.score"].to_list() == [0.5, 0.5]


def test_what_may_not_be_kept_is_removed_packed_or_not(tmp_path: Path) -> None:
    write(tmp_path, "20261101", LINE)
    compact(tmp_path)
    write(tmp_path, "20261102", LINE)
    write(tmp_path, "20261103", LINE)
    assert compact(tmp_path, keep=20)["removed"] == 2
    assert names(tmp_path) == ["20261103.parquet"]


def test_what_was_set_aside_is_packed_never_and_removed_like_the_rest(tmp_path: Path) -> None:
    for day in ("20200101", "20261101"):
        file = write(tmp_path, day, LINE, kind="sensitive")
        file.replace(file.with_name(f"{file.name}.aside"))
    (tmp_path / "sensitive" / "m1-20200101T0931-7.jsonl.aside").mkdir()
    assert compact(tmp_path) == COUNTS | {"removed": 1, "strange": 1}
    left = sorted(each.name for each in (tmp_path / "sensitive").iterdir())
    assert left == ["m1-20200101T0931-7.jsonl.aside", "m1-20261101T0930-7.jsonl.aside"]


@pytest.mark.parametrize("minute", ["0930", "0931"])
def test_lines_that_come_after_their_day_was_packed_stay_and_are_counted(tmp_path: Path, minute: str) -> None:
    write(tmp_path, "20261101", LINE)
    compact(tmp_path)
    file = write(tmp_path, "20261101", LINE | {"id": "b"}, minute=minute)
    assert compact(tmp_path) == COUNTS | {"strange": 1}
    assert file.exists() and compact(tmp_path, keep=20) == COUNTS | {"removed": 2}


def test_killed_after_the_table_was_written_it_packs_nothing_twice(tmp_path: Path) -> None:
    file = write(tmp_path, "20261101", LINE)
    text = file.read_text()
    compact(tmp_path)
    file.write_text(text)
    assert compact(tmp_path)["rows"] == 0
    assert names(tmp_path) == ["20261101.parquet"] and len(pl.read_parquet(tmp_path / "predictions")) == 1


def test_a_table_that_cannot_be_written_costs_no_line(tmp_path: Path, monkeypatch) -> None:
    file = write(tmp_path, "20261101", LINE)
    monkeypatch.setattr(files, "replacing", lambda to: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError):
        compact(tmp_path)
    assert names(tmp_path) == [file.name]


def test_the_command_says_what_it_did(project: Project) -> None:
    spool = project.path / ".mlops" / "serving"
    write(spool, "20260101", LINE)
    write(spool, "20200101", LINE)
    text = (project.path / "mlops.yaml").read_text()
    (project.path / "mlops.yaml").write_text(text.replace("  currency:", "  keep_log_days: 2000\n  currency:"))
    done = project.mlops("outcomes", "compact", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, COUNTS | {"rows": 1, "removed": 1}), done.stderr
    assert project.mlops("outcomes", "compact").stdout.split()[::2] == [*COUNTS]
