"""Bad input through the command: one clear sentence, the exit status that says whose turn it is, nothing registered."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.support.project import Project

TRAIN = ("run", "azureml/pipelines/train.yml")
DATA = Path("data", "applications.parquet")


def refused(project: Project, *command: str) -> tuple[int, str]:
    done = project.mlops(*command)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return done.returncode, said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "no mlops.yaml in"),
        ("", "mlops.yaml: is empty"),
        ("project: ]", "mlops.yaml:1: is not valid YAML"),
        ("schema: 1\nprojekt: {}\n", "mlops.yaml:2: `projekt` is not a setting: did you mean `project`?"),
    ],
)
def test_settings_that_cannot_be_used_are_misuse(project: Project, content: str | None, sentence: str):
    file = project.path / "mlops.yaml"
    file.unlink() if content is None else file.write_text(content)
    status, said = refused(project, *TRAIN)
    assert (status, sentence in said) == (2, True), said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("jobs: [", "is not valid YAML"),
        ("type: pipeline\njobs:\n  a:\n    component: ./none.yml\n", "none.yml"),
    ],
)
def test_a_job_file_that_cannot_be_used_is_misuse(project: Project, content: str, sentence: str):
    (project.path / "job.yml").write_text(content)
    status, said = refused(project, "run", "job.yml")
    assert (status, sentence in said) == (2, True), said
    assert not (project.path / ".mlops" / "runs").exists()


def test_a_data_file_that_is_not_there_is_said_before_anything_starts(project: Project):
    (project.path / DATA).unlink()
    status, said = refused(project, *TRAIN)
    assert (status, "applications.parquet" in said) == (2, True), said
    assert not (project.path / ".mlops" / "runs").exists()


def test_the_sources_are_held_against_their_contract_without_training(project: Project):
    """As each night: the data is well, or it is refused by the same gates."""
    validate = ("run", "azureml/pipelines/validate.yml")
    status, said = refused(project, *validate)
    assert (status, "validate, run " in said, ", 1 step" in said) == (0, True, True), said
    ages = pl.read_parquet(project.path / DATA).with_columns(age=pl.when(pl.col("age") > 89).then(500).otherwise("age"))
    ages.write_parquet(project.path / DATA)
    status, said = refused(project, *validate)
    assert (status, "refused by schema: applications.age: " in said) == (1, True), said
    assert "outside 16 to 110 years, for instance 500" in said


def test_a_damaged_data_file_is_misuse(project: Project):
    file = project.path / DATA
    file.write_bytes(file.read_bytes()[:50_000])
    status, said = refused(project, *TRAIN)
    assert (status, "damaged or cut off" in said) == (2, True), said
    assert "validate cannot read what it was given" in said
    assert "refused" not in said


@pytest.mark.parametrize(
    ("poison", "sentence"),
    [
        (lambda rows: rows.head(0), "applications: 0 rows, fewer than"),
        (lambda rows: rows.filter(pl.col("income").str.starts_with("<=")), "the label is the same in all rows"),
    ],
    ids=["no rows", "one class"],
)
def test_data_that_cannot_teach_anything_is_refused(project: Project, poison, sentence: str):
    file = project.path / DATA
    poison(pl.read_parquet(file)).write_parquet(file)
    status, said = refused(project, *TRAIN, "--register")
    assert (status, sentence in said) == (1, True), said
    assert "no model is" in refused(project, "models", "list")[1].lower()


def test_a_mistake_in_the_model_package_is_not_blamed_on_the_data(project: Project):
    file = project.path / "src" / project.package / "prepare.py"
    file.write_text(file.read_text().replace('pl.col("income")', 'pl.col("incme")'))
    (project.path / "recipe.json").write_text(json.dumps({"package": project.package, "test_share": 0.2}))
    given = ("--recipe", "recipe.json", "--source", f"applications={DATA}", "--verdicts", ".", "--rows", "rows")
    done = project.python("-m", "mlops.steps.prepare", *given)
    assert done.returncode == 1
    assert "ColumnNotFoundError" in done.stderr and "incme" in done.stderr
    assert "damaged" not in done.stdout + done.stderr


def test_a_full_disk_is_said_and_leaves_nothing_half_written(project: Project):
    """A limit on the size of files stands for a full disk: the kernel refuses the write half-way."""
    command = f'ulimit -f 40; exec "$0" -m mlops {" ".join(TRAIN)}'
    done = project.run("bash", "-c", command, sys.executable)
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    assert "could not" in said
    again = project.mlops("models", "list")
    assert again.returncode == 0, again.stderr
