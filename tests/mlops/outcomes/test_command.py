"""`mlops outcomes add`, as a person and a script see it."""

import json

import pytest

from mlops.outcomes import store
from tests.mlops.outcomes.conftest import HEADS
from tests.support.project import Project

LINES = ("a,true,2025-01-10,granted", "a,false,2025-01-11,granted", "b,,,denied")


@pytest.fixture
def filed(project: Project) -> Project:
    (project.path / "outcomes.csv").write_text("\n".join((HEADS, *LINES)) + "\n")
    return project


def test_the_counts_are_shown_with_what_they_mean(filed: Project):
    done = filed.mlops("outcomes", "add", "outcomes.csv")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert [words[words.index(name) + 1] for name in ("new", "contradictory", "unobserved", "late")] == [
        "2",
        "1",
        "1",
        "2",
    ]
    assert "The later time counts" in done.stdout and "more than 30 days old" in done.stdout
    assert len(store.read(filed.path / ".mlops" / "outcomes")) == 2


def test_a_script_gets_json_and_says_what_is_late(filed: Project):
    done = filed.mlops("outcomes", "add", "outcomes.csv", "--json", "--late", "36500")
    assert done.returncode == 0, done.stderr
    counts = {"new": 2, "duplicate": 0, "contradictory": 1, "revised": 0, "observed": 2, "unobserved": 1}
    assert json.loads(done.stdout) == counts | {"late": 0, "stored": 3}


def test_a_malformed_file_is_status_2_and_one_sentence(filed: Project):
    (filed.path / "bad.csv").write_text(f"{HEADS}\na,maybe,2025-01-10,granted\n")
    done = filed.mlops("outcomes", "add", "bad.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bad.csv: nothing of it is stored") and "'maybe' (row 1)" in done.stderr
    assert not (filed.path / ".mlops").exists()
