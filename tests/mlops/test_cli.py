"""The command itself: it starts light, and wrong use is a sentence with status 2."""

import json
from pathlib import Path

import pytest

from tests.support.project import Project

HEAVY = ("mlflow", "polars", "numpy", "lightgbm", "onnxruntime", "pandas", "azure")


def test_help_imports_nothing_heavy(reference: Project):
    program = (
        "import json, sys, runpy\n"
        "sys.argv = ['mlops', '--help']\n"
        "try: runpy.run_module('mlops', run_name='__main__')\n"
        "except SystemExit: print(json.dumps(sorted(sys.modules)))"
    )
    done = reference.python("-c", program)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "mlops.cli" in loaded
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("run", "azureml/pipelines/train.yml", "--set", "rounds"), "--set rounds: write it as NAME=VALUE."),
        (("run", "azureml/pipelines/train.yml", "--set", "round=3"), "did you mean `rounds`?"),
        (("run", "azureml/pipelines/train.yml", "--set", "rounds=many"), "must be of type integer"),
        (("run", "azureml/pipelines/train.yml", "--input", "applications=none.csv"), "none.csv does not exist"),
        (("run", "azureml/components/train.yml"), "is a component, not a job"),
        (
            ("run", "job.yml", "--register"),
            "job.yml has no output `evaluation`, `model`, `verdicts`, so no model to register",
        ),
        (("run", "none.yml"), "none.yml: cannot be read: No such file or directory"),
        (("models", "show", "triage:1"), "no model is named 'triage'"),
        (("models", "register", "last"), "there is no run yet"),
        (("run", "job.yml", "--no-follow"), "`--no-follow` is for a job in Azure ML that goes on by itself"),
        (("run", "job.yml", "--on", "dev"), "the names of what dev has are not here"),
        (("runs", "cancel", "last", "--on", "local"), "there is no run yet"),
        (("walk",), "No such command 'walk'"),
    ],
)
def test_wrong_use_is_said_before_anything_starts(project: Project, command: tuple[str, ...], sentence: str):
    (project.path / "job.yml").write_text("command: echo 1\n")
    done = project.mlops(*command)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert not (project.path / ".mlops" / "runs").exists()


def test_a_path_that_the_database_cannot_have_is_said(reference: Project, tmp_path: Path):
    done = reference.copy(tmp_path / "50% done").mlops("models", "list")
    assert (done.returncode, "holds '%'" in done.stderr) == (2, True), done.stderr


def test_a_project_without_models_says_how_to_make_one(reference: Project):
    done = reference.mlops("models", "list")
    assert done.returncode == 0
    assert "--register" in done.stdout
    assert json.loads(reference.mlops("models", "list", "--json").stdout) == []


def test_what_nobody_foresaw_is_status_3(reference: Project):
    program = (
        "import sys; from mlops import cli; from mlops.commands import models\n"
        "sys.argv = ['mlops', 'models', 'list']\n"
        "models.open_platform = lambda on: 1 / 0\n"
        "cli.main()"
    )
    done = reference.python("-c", program)
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (3, True)


def test_a_foreign_job_is_shown_as_its_file_says_on_any_terminal(project: Project):
    """Its name looks like markup, its output is called as one of ours and is empty, and the terminal knows ASCII."""
    text = "display_name: 'a [b] and [/c]'\ncommand: 'true'\noutputs: {verdicts: {type: uri_folder}}\n"
    (project.path / "job.yml").write_text(text)
    done = project.mlops("run", "job.yml", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "a [b] and [/c], run " in done.stdout
    assert "job: its output 'verdicts' is empty" in done.stdout


def test_the_last_line_of_a_run_says_where_its_logs_and_outputs_are(project: Project):
    (project.path / "job.yml").write_text("command: echo hello; echo bye > ${{outputs.o}}/x\noutputs: {o: }\n")
    first, *_, last = project.mlops("run", "job.yml").stdout.splitlines()
    folder = Path(last.removeprefix("Its logs and outputs: "))
    assert (folder / "logs" / "job.txt").read_text() == "hello\n"
    assert (folder / "outputs" / "job" / "o" / "x").read_text() == "bye\n"
    assert first.endswith(", 1 step")


def test_a_repeat_reuses_what_was_made_unless_it_is_to_be_fresh(project: Project):
    (project.path / "job.yml").write_text("command: date > ${{outputs.o}}/x\noutputs: {o: }\n")
    for options, said in (((), "✓ job"), ((), "job reused"), (("--fresh", "-m", "why"), "✓ job")):
        assert said in project.mlops("run", "job.yml", *options).stdout
