"""A regression and a three-class project: only the model package, `mlops.yaml` and the data differ."""

import json

import pytest

from tests.journeys.kinds import KINDS, become
from tests.support.project import Project

METRICS = {"regression": {"r2", "within_a_tenth"}, "three_class": {"accuracy", "likelihood"}}


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_model_is_trained_and_registered(of_kind, kind: str):
    [model] = json.loads(of_kind(kind).mlops("models", "list", "--json").stdout)
    assert model["version"] == 1
    measured = model["lineage"]["evaluation"]["metrics"]
    assert measured.keys() == METRICS[kind]
    assert all(interval["low"] <= interval["value"] <= interval["high"] for interval in measured.values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_projects_own_general_tests_hold_for_another_kind_of_model(of_kind, kind: str):
    tests = ("tests/model", "tests/data", "tests/specs")
    done = of_kind(kind).python("-m", "pytest", *tests, "-q", "-p", "no:cacheprovider")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_projects_own_general_tests_refuse_a_model_that_reads_a_sensitive_column(project: Project):
    become(project, "three_class")
    file = project.path / "src" / project.package / "features.py"
    soon = '"reminders": columns["reminders"]'
    assert soon in file.read_text()
    file.write_text(file.read_text().replace(soon, f'{soon} + columns.get("channel", 0)'))

    done = project.python("-m", "pytest", "tests/model/test_predictions.py", "-q", "-p", "no:cacheprovider")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_columns_that_are_no_features_change_nothing" in done.stdout
