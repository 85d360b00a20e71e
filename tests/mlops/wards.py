"""A model of wards with a row of its contract, and its reasons as a person reads them."""

from pathlib import Path

import pytest

from mlops import explain
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


@pytest.fixture
def wards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """Its ward is sensitive, its note is text."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "serving" / "models")
    return Scorer.load("wards", tmp_path)


def words(rows: list[explain.Explained]) -> list[list[str]]:
    return [list(map(str, each.reasons)) for each in rows]
