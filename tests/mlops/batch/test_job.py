"""A batch goes on where it was cut off, and never onto something else."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from mlops.errors import Misuse, Refused
from mlops.platform.local.lock import locked
from tests.mlops.batch.conftest import PIECE, Desk
from tests.support import small_model
from tests.support.project import TEMPLATE, environment

PIECES = 20
SLOW = f"""
import sys, time
from pathlib import Path
from types import SimpleNamespace
from mlops.batch import pieces
pieces.ROWS = {PIECE}
from mlops.batch import job
from mlops.batch.scoring import TableScorer
from tests.support import small_model

def predict(columns):
    time.sleep(0.02)
    return small_model.predict(columns)

scorer = TableScorer(SimpleNamespace(predict=predict), small_model.ROW, "small:1", "d1")
print("ready", flush=True)
job.run(scorer, Path(sys.argv[1]), Path(sys.argv[2]), 5, 1.0, lambda *_: None)
"""


def program(source: Path, to: Path) -> "subprocess.Popen[str]":
    src = next(TEMPLATE.glob("*project_slug*")) / "src"
    own = environment(PYTHONPATH=f"{src}{os.pathsep}{TEMPLATE}")
    return subprocess.Popen([sys.executable, "-c", SLOW, source, to], env=own, stdout=subprocess.PIPE, text=True)


def test_killed_at_five_random_points_every_row_is_there_once(desk: Desk):
    table = desk.rows(PIECES * PIECE - 7)
    broken = table.with_columns(age=pl.when(pl.int_range(pl.len()) % 37 == 0).then(None).otherwise("age"))
    source, out, rng = desk.table(broken), desk.path / "out", random.Random(5)
    done: list[int] = []
    for _ in range(5):
        with program(source, out) as process:
            assert process.stdout and process.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.0, 0.12))
            process.send_signal(signal.SIGKILL)
        kept = {part: part.stat().st_mtime_ns for part in (out / "scored").glob("[!.]*")}
        assert all(len(pl.read_parquet(part)) for part in kept), "half-written"
        done.append(len(kept))
    assert done == sorted(done)
    desk.score(source, errors=1, top=5)
    assert {part: part.stat().st_mtime_ns for part in kept} == kept, "scored again"
    desk.score(source, to="clean", errors=1, top=5)
    for kind in ("scored", "bad"):
        assert getattr(desk, kind)().equals(getattr(desk, kind)("clean"))
    rows = sorted([*desk.scored()["row"], *desk.bad()["row"]])
    assert rows == list(range(1, len(table) + 1))
    assert (out / "ranked.csv").read_text() == (desk.path / "clean" / "ranked.csv").read_text()
    assert not [file for folder in (out, out / "scored", out / "bad") for file in folder.glob(".*.*")]


def test_a_repeat_scores_nothing_again(desk: Desk):
    source = desk.table(desk.rows(250))
    first = desk.score(source)
    assert first["scoring"]["rows"] == 250

    def never(columns):
        raise AssertionError("scored again")

    again = desk.score(source, model=type("Model", (), {"predict": staticmethod(never)})())
    assert again["scored"] == 250 and again["scoring"]["rows"] == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"digest": "d2"}, "has the scores of another model."),
        ({"source": 251}, "has the scores of another input."),
    ],
)
def test_an_output_goes_on_with_nothing_else(desk: Desk, changed, sentence):
    source = desk.table(desk.rows(250))
    desk.score(source)
    if "source" in changed:
        desk.table(desk.rows(changed.pop("source")))
    with pytest.raises(Misuse, match=sentence):
        desk.score(source, **changed)
    assert len(desk.scored()) == 250


def test_a_folder_with_something_else_in_it_is_left_alone(desk: Desk):
    (desk.path / "out").mkdir()
    (desk.path / "out" / "letter.txt").write_text("mine")
    with pytest.raises(Misuse, match="holds something else. Name a new folder as --output"):
        desk.score(desk.table(desk.rows(10)))
    assert {path.name for path in (desk.path / "out").iterdir()} == {"letter.txt", ".lock"}


def test_two_do_not_write_to_one_folder(desk: Desk):
    with locked(desk.path / "out" / ".lock"), pytest.raises(Misuse, match="another `mlops score` into .* is under way"):
        desk.score(desk.table(desk.rows(10)))


def test_too_many_bad_rows_are_refused_with_what_they_have(desk: Desk):
    table = desk.rows(400).with_columns(age=pl.when(pl.int_range(pl.len()) < 30).then(200).otherwise("age"))
    with pytest.raises(Refused, match=r"30 of 400 rows .* more than the 5.00% .* age: outside 18 to 90 years \(30\)"):
        desk.score(desk.table(table))
    assert desk.score(desk.path / "rows.parquet", errors=0.08)["bad"] == 30


def test_it_does_not_go_on_to_the_end_when_too_many_are_bad_already(desk: Desk):
    table = desk.rows(2000).with_columns(age=pl.when(pl.int_range(pl.len()) < 150).then(200).otherwise("age"))
    with pytest.raises(Refused, match="at least 150 of 2,000 rows"):
        desk.score(desk.table(table))
    assert len(list((desk.path / "out" / "scored").iterdir())) < 20


def test_a_table_without_rows_is_refused(desk: Desk):
    with pytest.raises(Refused, match="there is no row to score"):
        desk.score(desk.table(desk.rows(10).clear()))


def test_memory_holds_a_few_pieces_however_long_the_table_is(desk: Desk):
    most = []

    def predict(columns):
        most.append(len(columns["age"]))
        return small_model.predict(columns)

    desk.score(desk.table(desk.rows(1000)), model=type("Model", (), {"predict": staticmethod(predict)})())
    assert max(most) == PIECE and sum(most) == 1000


def test_the_manifest_says_of_what_the_output_is_made(desk: Desk):
    desk.score(desk.table(desk.rows(10)))
    said = json.loads((desk.path / "out" / "manifest.json").read_text())
    assert said["model"] == "small:1, digest d1" and list(said["input"]) == ["rows.parquet"]


def test_no_copy_of_a_csv_stays_whatever_came_of_it(desk: Desk):
    table = desk.rows(40).with_columns(age=pl.lit(200))
    half = desk.path / "out" / ".csv" / ".rows.parquet.0123abcd"
    with pytest.raises(Refused, match="40 of 40 rows"):
        desk.score(desk.table(table, "rows.csv"))
    assert not half.parent.exists()
    half.parent.mkdir()
    half.write_bytes(b"half")
    assert desk.score(desk.path / "rows.csv", errors=1)["bad"] == 40
    assert not half.parent.exists()


def test_what_a_kill_left_half_written_is_taken_away(desk: Desk):
    drafts = [desk.path / "out" / name for name in (".manifest.json.0123abcd", "scored/.rows-000001.parquet.0123abcd")]
    for draft in drafts:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(b"half")
    source = desk.table(desk.rows(10))
    drafts[1].parent.rename(desk.path / "kept")
    desk.score(source)
    (desk.path / "kept" / drafts[1].name).rename(drafts[1])
    desk.score(source)
    assert not any(draft.exists() for draft in drafts) and len(desk.scored()) == 10
