"""What made the difference: two runs that differ in one thing each, and the way back to the first of them."""

import json
import shlex
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.support.project import Project

pytestmark = pytest.mark.xdist_group("compare")

TRAIN = ("run", "azureml/pipelines/train.yml", "--set", "rounds=20")
DATA = Path("data", "applications.parquet")


class Runs:
    """A project with its runs by what each has of its own, compared with the run `base`; nothing is judged."""

    def __init__(self, project: Project) -> None:
        self.project, self.ids = project, dict[str, str]()
        self.rows = pl.read_parquet(project.path / DATA)

    def read(self, rows: int) -> None:
        self.rows.head(rows).write_parquet(self.project.path / DATA)

    def run(self, reason: str, *options: str) -> None:
        done = self.project.mlops(*TRAIN, *options, "-m", reason, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        self.ids[reason] = json.loads(done.stdout)["run"]

    def compared(self, reason: str) -> str:
        done = self.project.mlops("runs", "compare", self.ids["base"][:12], self.ids[reason][:12])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def runs(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    runs = Runs(reference.copy(tmp_path_factory.mktemp("compared") / "project"))
    learners = runs.project.path / "src" / runs.project.package / "learners.py"
    sound = learners.read_text()
    pipeline = runs.project.path / TRAIN[1]
    job = yaml.safe_load(pipeline.read_text())
    del job["jobs"]["retrain"], job["jobs"]["gate"], job["outputs"]["verdicts"]
    pipeline.write_text(yaml.safe_dump(job))
    settings = runs.project.path / "mlops.yaml"
    settings.write_text(settings.read_text().replace("    reference:\n", "    least_rows: 1\n    reference:\n"))
    runs.read(2500)
    runs.run("base")
    runs.run("another seed", "--set", "seed=8")
    learners.write_text(sound.replace("params.min_leaf,\n", "10 * params.min_leaf,\n") + "# larger leaves\n")
    runs.run("larger leaves")
    learners.write_text(sound)
    runs.read(3000)
    runs.run("more data")
    return runs


def lines(said: str, start: str) -> list[list[str]]:
    """Words of the lines that begin with a text."""
    return [line.split() for line in said.splitlines() if line.startswith(start)]


def test_another_seed_is_said_and_judged(runs: Runs):
    said = runs.compared("another seed")
    assert said.startswith("only the parameter seed differs\n")
    assert lines(said, "parameter seed") == [["parameter", "seed", "7", "8"]]
    assert not lines(said, "data ") and not lines(said, "own lines") and not lines(said, "environment")
    assert " rows in both" in said and lines(said, "auc")[0][-1] == "noise"


def test_other_code_is_said_with_its_lines(runs: Runs):
    said = runs.compared("larger leaves")
    assert said.startswith("only the code differs\n")
    [changed] = lines(said, "own lines of")
    assert changed[-3:] == [f"src/{runs.project.package}/learners.py", "1", "2"]
    assert lines(said, "brier")[0][-2:] == ["than", "noise"]


def test_other_data_is_said_although_it_lies_beside_the_code(runs: Runs):
    """The data is in the repository, so that its tree differs too: that alone is no other code."""
    said = runs.compared("more data")
    assert said.startswith("only the data differs\n")
    [changed] = lines(said, "data applications")
    assert changed[2] == "applications:1" and changed[4] == "applications:2"
    sides = runs.project.mlops("runs", "compare", runs.ids["base"], runs.ids["more data"], "--json")
    found = json.loads(sides.stdout)
    assert 0 < found["rows"] < 1000 and found["code"] == {} and found["remarks"] == []
    a, b = found["metrics"]["auc"]["values"]
    assert found["metrics"]["auc"]["difference"]["value"] != pytest.approx(b["value"] - a["value"], abs=1e-12)


def test_runs_are_listed_and_lead_to_what_they_read(runs: Runs):
    listed = json.loads(runs.project.mlops("runs", "list", "--json").stdout)
    assert [each["reason"] for each in listed] == list(reversed(runs.ids))
    assert all(each["outcome"]["value"] > 500 for each in listed)
    noted = runs.project.mlops("runs", "note", runs.ids["base"], "the one to beat")
    assert noted.returncode == 0, noted.stderr
    said = runs.project.mlops("runs", "show", runs.ids["base"]).stdout
    for words in ("the one to beat", "applications:1", "rounds=20", "train finished", "outcome "):
        assert words in said


@pytest.mark.parametrize(("other", "sentence"), [("zz", "'zz' names no run"), ("last", "are both run")])
def test_what_names_no_other_run_is_misuse(runs: Runs, other: str, sentence: str):
    done = runs.project.mlops("runs", "compare", runs.ids["more data"], other)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


def test_predictions_that_were_changed_on_disk_are_not_compared(runs: Runs):
    table = (
        runs.project.path
        / ".mlops"
        / "runs"
        / runs.ids["more data"]
        / "outputs/evaluate/evaluation/predictions.parquet"
    )
    sound = table.read_bytes()
    pl.read_parquet(table).with_columns(pl.lit(0.5).alias("predicted.score")).write_parquet(table)
    compared = runs.project.mlops("runs", "compare", "last", runs.ids["base"])
    listed = runs.project.mlops("runs", "list")
    table.write_bytes(sound)
    assert (compared.returncode, "was changed or lost" in compared.stderr) == (3, True), compared.stderr
    assert (listed.returncode, "was changed or lost" in listed.stderr) == (0, True), listed.stderr


def test_a_run_is_restored_with_its_data_and_gives_the_same_model(runs: Runs, tmp_path: Path):
    """Code and data have changed since, and the old rows are nowhere but in the store."""
    there = tmp_path / "restored"
    done = runs.project.mlops("runs", "restore", runs.ids["base"], there)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pl.read_parquet(there / DATA)) == 2500
    before = json.loads(runs.project.mlops("runs", "show", runs.ids["base"], "--json").stdout)

    restored = Project(there)
    restored.git("init", "--quiet")
    restored.git("add", "--all")
    assert restored.git("write-tree") == before["code"]["digest"]

    folder, command = done.stdout.strip().removeprefix("To run it there again: ").split(" && ")
    assert folder == f"cd {there}" and command.startswith("mlops ")
    again = restored.mlops(*shlex.split(command)[1:], "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    after = json.loads(again.stdout)
    assert after["code"]["digest"] == before["code"]["digest"]
    assert {node["state"] for node in after["nodes"].values()} == {"finished"}
    models = [record["nodes"]["train"]["outputs"]["model"]["digest"] for record in (before, after)]
    assert models[0] == models[1]
    predicted = [
        (project.path / ".mlops" / record["nodes"]["evaluate"]["outputs"]["evaluation"]["path"] / "predictions.parquet")
        for project, record in ((runs.project, before), (restored, after))
    ]
    assert predicted[0].read_bytes() == predicted[1].read_bytes()
