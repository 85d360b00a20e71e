"""Each gate refuses its poison, and passes the clean project: by the commands of the steps, on one trained model.

Poisons through `mlops run` are in tests/journeys/test_a_day.py, those of stage release in test_verify.py.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops.files import read_json
from mlops.gates.base import Verdict
from mlops.gates.run import discover
from tests.mlops.gates.conftest import Steps

pytestmark = pytest.mark.xdist_group("poison")

REFUSED = {
    "a column is missing": {"schema": "applications.application_id: the column is missing."},
    "a number is out of its range": {"schema": "applications.age: 1 value outside 16 to 110 years, for instance 15"},
    "an id is there twice": {"schema": "applications.application_id: 1 row with the id of another row"},
    "the table is cut off": {"schema": "applications: 999 rows, fewer than the 1,000 it must have."},
    "rows from the future": {"freshness": "applications: the newest row is 30 days from the future."},
    "rows that are too old": {"freshness": "applications: the newest row is 3,651 days old; 3,650 are allowed."},
    "data past its date": {"data_use": "data.applications.keep_until: the data had to go after"},
    "a purpose that nobody wrote down": {"data_use": "data.applications.purpose: 'TBD' says nothing."},
    "e-mail addresses in a new column": {
        "privacy": "applications.remark: 100.0% of its different values look like e-mail"
    },
    "a feature that gives the label away": {"leakage": "hours_per_week alone explains 100.0% of the label"},
    "a feature that nobody knows in time": {
        "leakage": "age is a feature in ROW, but SOURCES has it with role 'context'"
    },
    "all but three rows of a group are gone": {"representativeness": "sex: Male has 1 test row"},
    "a model in service that is as good": {"champion": "gain in outcome is 0 (0 to 0); the low end must be above 0."},
    "wrong answers where a number is high": {"slices": "error where age over 48, less that in all rows, is "},
    "scores cut in half": {"calibration": "the high end must be at most 0.1."},
    "one feature decides alone": {"explanation": "relationship has more than any other feature: 100.0% of what"},
    "no number for the lowest of all": {"robustness": "where every number is the lowest: score is not a finite"},
    "each row is answered as the one before it": {
        "parity": "alone and in a batch: on rows in parts of 1 figures are up to 1.0e+00 of their range apart",
        "robustness": "on rows in another order figures are up to 1.0e+00 of their range apart",
    },
    "a model that is not trained again": {"reproducibility": "the model was not trained a second time"},
    "sections that nobody filled in": {"checklist": "section `fairness` of responsible_ai/impact-assessment.md is not"},
    "a waiver that has expired": {"waivers": "waiver `quality: recall`: it holds until"},
    "a waiver for everything": {"waivers": "waiver `quality: *`: it is too broad."},
}
"""What is said of each poison of the project, by the gate that says it."""


def refusals(verdicts: list[Verdict], gate: str) -> list[str]:
    return [verdict.why for verdict in verdicts if verdict.gate == gate and not verdict.stands]


def test_every_gate_passes_the_clean_project(clean: list[Verdict]):
    assert [verdict.why for verdict in clean if not verdict.stands] == []
    gates = discover("income_support_triage")
    assert {verdict.gate for verdict in clean} == {name for name, gate in gates.items() if gate.stage != "release"}


def test_every_gate_has_a_poison_in_a_project(poisons: Callable[[str], Any]):
    gates = {gate for each in poisons("__main__").KNOWN for gate in each.gates}
    assert gates == {*discover("income_support_triage")}


@pytest.mark.parametrize("what", REFUSED)
def test_a_poison_is_refused_by_its_gate(what: str, clean: list[Verdict], steps: Steps, poisons: Callable[[str], Any]):
    [poison] = [each for each in poisons("__main__").KNOWN if each.what == what]
    steps.copy.restore()
    verdicts = poison.judged(steps.copy)
    for gate, sentence in REFUSED[what].items():
        assert gate in poison.gates
        assert sentence in " ".join(refusals(verdicts, gate)), gate


def worse(clean: Path, to: Path) -> None:
    """An evaluation that found less."""
    found = read_json(clean / "evaluation" / "metrics.json")
    found["metrics"]["auc"] |= {"value": 0.8, "low": 0.79, "high": 0.81}
    (to / "metrics.json").write_text(json.dumps(found))


def unfair(clean: Path, to: Path) -> None:
    """Test rows in which the half with less education, who are selected more often, are men."""
    test, train = parts(clean)
    men = pl.col("education_num").rank("ordinal") < pl.len() / 2
    sex = pl.when(men).then(pl.lit("Male")).otherwise(pl.lit("Female"))
    write(test.with_columns(sex=sex.cast(test.schema["sex"])), train, to)


def leaked(clean: Path, to: Path) -> None:
    """Nine training rows among the test rows."""
    test, train = parts(clean)
    write(pl.concat([test, train.head(9)]), train, to)


def parts(clean: Path) -> list[pl.DataFrame]:
    return [pl.read_parquet(clean / "rows" / f"{part}.parquet") for part in ("test", "train")]


def write(test: pl.DataFrame, train: pl.DataFrame, to: Path) -> None:
    test.write_parquet(to / "test.parquet")
    train.write_parquet(to / "train.parquet")


def changed(clean: Path, to: Path) -> None:
    """Another artifact from the second training."""
    shutil.copytree(clean / "model", to / "model")
    for file in ("model.json", "model.onnx"):
        with (to / "model" / file).open("ab") as stream:
            stream.write(b" ")


FILES = {
    "quality": ("evaluation", worse, "auc is 0.8 (0.79 to 0.81); the low end must be at least 0.85."),
    "fairness": ("rows", unfair, "selection_ratio by sex, Male against Female, is 0."),
    "overlap": ("rows", leaked, "9 test rows with the id of a training row"),
    "reproducibility": ("retrained", changed, "trained twice: model.json, model.onnx became another file."),
}


@pytest.mark.parametrize("gate", FILES)
def test_a_poisoned_file_is_refused_by_its_gate(gate: str, clean: list[Verdict], steps: Steps, tmp_path: Path):
    name, poison, sentence = FILES[gate]
    poison(steps.files, tmp_path)
    steps.copy.restore()
    assert sentence in " ".join(refusals(steps.judged(**{name: tmp_path}), gate))


class Own:
    """A gate of a project's own that brings its poison, under the name of one that refuses it."""

    stage = "model"

    @staticmethod
    def poison(folder: Path) -> None:
        (folder / "responsible_ai" / "impact-assessment.md").write_text("# Nothing\n")


def test_a_poison_of_ones_own_gate_is_given_too(
    clean: list[Verdict], steps: Steps, poisons: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
):
    command = poisons("__main__")
    [own] = command.own({"checklist": Own, "without": object})
    assert command.refused_by(own, steps.copy, clean)
    assert "checklist" in (said := capsys.readouterr().out) and "is missing: there is `nothing`." in said


def test_a_poison_that_passes_or_cannot_be_given_is_said(
    clean: list[Verdict], steps: Steps, poisons: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
):
    command, lacking = poisons("__main__"), poisons("copies").Nothing("no source has a time")

    def impossible(copy: Any) -> list[Verdict]:
        raise lacking

    harmless = command.Poison(("quality", "schema"), "water", lambda copy: clean)
    assert not command.refused_by(harmless, steps.copy, clean)
    assert command.refused_by(command.Poison(("freshness",), "no time", impossible), steps.copy, clean)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ quality") and second.startswith("✗ schema") and first.endswith("does not refuse it")
    assert third.startswith("freshness") and third.endswith("not possible: no source has a time")
