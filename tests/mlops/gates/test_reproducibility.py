"""The gate on reproducibility: the same bytes again, or a refusal that names the file."""

from pathlib import Path

import pytest

from mlops.gates import reproducibility
from mlops.gates.base import Verdict
from tests.support.small_model import context


def judged(folder: Path, first: dict[str, str], again: dict[str, str] | None) -> Verdict:
    made = context(folder)
    made.files["retrained"].mkdir()
    for to, files in ((made.files["model"], first), (made.files["retrained"] / "model", again)):
        for name, text in (files or {}).items():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(text)
    [verdict] = reproducibility.check(reproducibility.measure(made), reproducibility.Limits())
    return verdict


def test_the_same_bytes_pass(tmp_path: Path):
    verdict = judged(tmp_path, {"model.json": "1", "deep/tree": "2"}, {"model.json": "1", "deep/tree": "2"})
    assert verdict.passed and verdict.why == "trained twice: both times the same bytes were exported."


@pytest.mark.parametrize(
    ("again", "named"),
    [
        ({"model.json": "3", "deep/tree": "2"}, "model.json"),
        ({"model.json": "1"}, "deep/tree"),
        ({"model.json": "1", "deep/tree": "2", "log": ""}, "log"),
        ({"model.json": "3", "deep/leaf": "2"}, "deep/leaf, deep/tree, model.json"),
    ],
)
def test_other_bytes_are_refused_and_named(tmp_path: Path, again: dict[str, str], named: str):
    verdict = judged(tmp_path, {"model.json": "1", "deep/tree": "2"}, again)
    assert not verdict.passed and verdict.why.startswith(f"trained twice: {named} became")
    assert "train.py" in verdict.next_step


def test_a_model_that_was_trained_once_only_is_refused(tmp_path: Path):
    verdict = judged(tmp_path, {"model.json": "1"}, None)
    assert not verdict.passed and "was not trained a second time" in verdict.why
    assert "check_reproducible to true" in verdict.next_step
