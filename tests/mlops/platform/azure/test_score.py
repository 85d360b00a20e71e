"""`mlops score --on dev`: a job of the environment's own scores a version of its data, and its result comes here."""

import json
from pathlib import Path

import polars as pl
import pytest

from mlops.batch import job
from mlops.batch.scoring import TableScorer
from tests.mlops.platform.azure.scoring import Batch
from tests.mlops.platform.azure.scoring import batch as batch

SCORE = ("score", "shop", "--on", "dev", "--top", "20")


def test_a_version_is_scored_there_and_the_list_comes_here(batch: Batch) -> None:
    done = batch.mlops(*SCORE, "--input", "july", "--output", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "✓ served" in said and "✓ score" in said and "✓ rank" in said
    assert "scored 198 rows, which --parts brings here set aside 2 rows, which --parts brings here 1 × age" in said
    assert "the first 20 by score, in out/ranked.csv; as a page: mlops report out" in said
    assert {path.name for path in (batch.path / "out").iterdir() if path.name[0] != "."} == {
        *("manifest.json", "summary.json", "ranked.csv", "ranked.parquet"),
    }
    page = batch.mlops("report", "last", "--on", "dev")
    assert page.returncode == 0, page.stderr
    assert "age 97 years raises it" in Path(page.stdout.strip()).read_text()
    [only] = batch.jobs
    again = batch.mlops(*SCORE, "--input", "july:1", "--output", "out", "--parts", "--json")
    assert json.loads(again.stdout)["scored"] == 198 and batch.jobs == [only]


def test_its_rows_are_those_that_are_scored_here(batch: Batch) -> None:
    there = batch.mlops(*SCORE, "--input", "july", "--output", "there", "--parts")
    assert "198 rows, in there/scored/" in " ".join(there.stdout.split()), there.stdout + there.stderr
    rows = batch.path.parent / "rows"
    with TableScorer.of_folder(batch.path.parent / "artifact", "shop") as scorer:
        job.run(scorer, rows, batch.path / "here", 20, 0.05, lambda *_: None)
    for kind in ("scored", "bad"):
        ours, theirs = (pl.read_parquet(batch.path / name / kind / "*.parquet") for name in ("here", "there"))
        assert ours.equals(theirs) and len(ours)


def test_a_file_is_read_as_the_folder_it_lies_in_and_too_many_bad_rows_are_refused(batch: Batch) -> None:
    done = batch.mlops(*SCORE, "--input", "applications:1", "--output", "strict", "--errors", "0")
    assert done.returncode == 1 and "2 of 110 rows break the contract" in done.stdout, done.stdout + done.stderr
    assert not (batch.path / "strict" / "summary.json").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--input", "../rows"), "../rows is on this machine, and dev scores data of its own. Bring it there: mlops"),
        (("--input", "june:1"), "no data is named 'june'. There are: applications, july."),
        (("--input", "july:7"), "no version of 'july' is 'july:7'. There are: july:1"),
    ],
)
def test_what_is_not_there_is_said(batch: Batch, words: tuple[str, ...], sentence: str) -> None:
    done = batch.mlops(*SCORE, *words, "--output", "none")
    assert (done.returncode, done.stderr.startswith(sentence)) == (2, True), done.stderr
    assert not (batch.path / "none").exists()
