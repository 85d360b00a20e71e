"""`mlops data` as a person types it, and jobs that name a version."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.support.project import Project

pytestmark = pytest.mark.xdist_group("data")

FILE = Path("data", "applications.parquet")
JOB = """
type: command
command: wc -c < ${{inputs.applications}} > ${{outputs.size}}
inputs: {applications: {type: uri_file, path: "azureml:applications@latest"}}
outputs: {size: {type: uri_file}}
"""


@pytest.fixture(scope="module")
def stored(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two versions of its data: 2,000 rows, then those over 30 years old and a file beside."""
    project = reference.copy(tmp_path_factory.mktemp("stored") / "project")
    settings = project.path / "mlops.yaml"
    settings.write_text(settings.read_text().replace("keep_until: 2030-12-31", "keep_until: 2020-01-31"))
    rows = pl.read_parquet(project.path / FILE).head(2000)
    rows.write_parquet(project.path / FILE)
    said(project, 0, "add", "applications", str(FILE), "-m", "with March")
    rows.filter(pl.col("age") > 30).write_parquet(project.path / FILE)
    said(project, 0, "add", "applications", str(FILE))
    (project.path / "job.yml").write_text(JOB)
    return project


@pytest.fixture
def project(stored: Project, tmp_path: Path) -> Project:
    return stored.copy(tmp_path / "project")


def said(project: Project, status: int, *command: str) -> str:
    done = project.mlops("data", *command)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


def answered(project: Project, *command: str) -> Any:
    done = project.mlops(*command, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_add_says_rows_and_digest_and_when_a_version_has_them_already(project: Project):
    rows = pl.read_parquet(project.path / FILE)
    rows.head(100).write_parquet(project.path / FILE)
    first = said(project, 0, "add", "applications", str(FILE))
    assert first.startswith("applications:3, 100 rows, ") and "digest" in first and "same" not in first
    again = said(project, 0, "add", "applications", str(FILE))
    assert "applications:3, 100 rows" in again and "It is the same as version 3" in again
    assert len(list((project.path / ".mlops/data/applications").glob("*/profile.json"))) == 3


def test_a_profile_that_fails_is_said_and_loses_nothing(project: Project):
    rows = pl.read_parquet(project.path / FILE)
    (project.path / FILE).write_bytes((project.path / FILE).read_bytes()[:9000])
    assert "applications:3 is kept, but has no profile" in said(project, 0, "add", "applications", str(FILE))
    rows.head(10).write_parquet(project.path / FILE)
    contract = project.path / "src" / project.package / "contract.py"
    contract.write_text("1 / 0\n")
    assert "applications:4 is kept, but has no profile: division" in said(project, 0, "add", "applications", str(FILE))
    assert [each["version"] for each in answered(project, "data", "list")] == [1, 2, 3, 4]


def test_what_is_no_table_is_kept_without_a_profile(project: Project):
    (project.path / "notes.txt").write_text("words")
    assert "profile" not in said(project, 0, "add", "notes", "notes.txt")
    assert answered(project, "data", "show", "notes")["profile"] is None
    assert "notes is no table" in said(project, 2, "diff", "notes", "applications")


def test_list_and_show_say_whose_it_is_and_what_read_it(project: Project):
    assert project.mlops("run", "job.yml").returncode == 0
    [run] = answered(project, "data", "show", "applications:2")["runs"]
    listed = said(project, 0, "list")
    assert "applications:1" in listed and "with March" in listed and "2020-01-31 (past)" in listed
    shown = said(project, 0, "show", "applications:2")
    assert run[:8] in shown and "CC-BY-4.0" in shown and "internal" in shown and "keep until 2020-01-31 (past)" in shown
    assert "age number 0 31 to 85" in shown and "models none" in shown
    assert answered(project, "data", "show", "applications:1")["runs"] == []
    first, second = answered(project, "data", "list")
    assert (first["message"], first["about"]["owner"], second["runs"]) == ("with March", "owner@example.org", [run])
    assert answered(project, "data", "show", f"applications@{first['digest'][:12]}")["profile"]["rows"] == 2000


def test_fetch_and_verify(project: Project):
    said(project, 0, "fetch", "applications:1", "back/rows.parquet")
    assert pl.read_parquet(project.path / "back" / "rows.parquet").height == 2000
    assert "2 versions" in said(project, 0, "verify")
    [content] = (project.path / ".mlops/data/applications/1/content").iterdir()
    content.chmod(0o644)
    content.write_bytes(b"x")
    assert "of applications:1 is damaged" in said(project, 1, "verify")
    assert "of applications:1 is damaged" in said(project, 1, "verify", "applications:1")
    said(project, 0, "verify", "applications:2")
    assert "no longer have its digest" in said(project, 3, "fetch", "applications:1", "old.parquet")
    said(project, 0, "add", "applications", "back/rows.parquet")
    said(project, 0, "fetch", "applications:1", "old.parquet")


def test_a_damaged_record_is_named_by_verify_and_stops_no_run(project: Project):
    record = project.path / ".mlops/data/applications/1/version.json"
    record.unlink()
    verified = said(project, 1, "verify")
    assert (
        "applications/1/version.json of applications:1 is missing. Restore it" in verified
        and "Remove it" not in verified
    )
    assert [each["version"] for each in answered(project, "data", "list")] == [2]
    assert named(project, "azureml:applications@latest")[0] == 0
    status, output = named(project, "azureml:applications:1")
    assert status == 2 and "applications/1/version.json of applications:1 is missing" in output


def test_diff_says_what_moved_the_most_first(project: Project):
    shutil.copyfile(project.path / FILE, project.path / "new.parquet")
    (project.path / ".mlops/data/applications/1/profile.json").unlink()
    moves = answered(project, "data", "diff", "applications:1", "applications:2")
    assert (moves[0]["column"], moves[1]["column"]) == ("", "age")
    assert any("2,000 ->" in what for what in moves[0]["what"])
    assert answered(project, "data", "diff", "applications:1", "new.parquet") == moves
    assert (project.path / ".mlops/data/applications/1/profile.json").exists()
    assert "age" in said(project, 0, "diff", "applications:1", "applications:2")
    assert "Nothing moved" in said(project, 0, "diff", "applications", "new.parquet")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("show", "other"), "no data is named 'other'. There are: applications."),
        (
            ("fetch", "applications:7", "x"),
            "no version of 'applications' is 'applications:7'. There are: applications:1",
        ),
        (("fetch", "applications:1", "mlops.yaml"), "is there already, and the store does not have it"),
        (("verify", "applications@"), "no version of 'applications'"),
        (("diff", "applications:1", "none.parquet"), "no data is named 'none.parquet'"),
        (("add", "a/b", str(FILE)), "'a/b' cannot name data"),
        (("add", "rows", "none.parquet"), "none.parquet: is no file that can be read"),
    ],
)
def test_wrong_use_is_a_sentence(stored: Project, command: tuple[str, ...], sentence: str):
    assert sentence in said(stored, 2, *command)


def named(project: Project, reference: str) -> tuple[int, str]:
    (project.path / "job.yml").write_text(JOB.replace("azureml:applications@latest", reference))
    done = project.mlops("run", "job.yml")
    return done.returncode, done.stdout + done.stderr


def test_a_job_reads_the_version_that_it_names(project: Project):
    status, output = named(project, "azureml:applications:1")
    assert status == 0, output
    record = answered(project, "run", "job.yml")
    first, _ = answered(project, "data", "list")
    read = record["data"]["applications"]
    assert (read["version"], read["digest"]) == ("applications:1", first["digest"])
    [size] = (project.path / ".mlops" / "runs" / record["run"]).glob("outputs/*/size")
    assert int(size.read_text()) == first["bytes"]


def test_a_version_that_the_store_does_not_have_is_refused_with_its_line(project: Project):
    status, output = named(project, "azureml:applications:7")
    assert status == 2 and "job.yml:4: no version of 'applications' is 'applications:7'" in output
    assert "applications:2" in output and not (project.path / ".mlops" / "runs").exists()
    assert "no version of" in project.mlops("lint", "job.yml").stdout


def test_a_name_that_the_store_does_not_know_is_what_the_project_says(project: Project):
    shutil.rmtree(project.path / ".mlops")
    status, output = named(project, "azureml:applications:7")
    assert status == 0, output
    assert answered(project, "data", "show", "applications")["version"] == 1


def test_a_file_that_is_not_the_version_that_its_asset_says_is_refused(project: Project):
    asset = project.path / "azureml" / "data" / "applications.yml"
    asset.write_text(asset.read_text() + 'version: "1"\n')
    status, output = named(project, "azureml:applications@latest")
    assert status == 2, output
    assert "no longer has the bytes of applications:1" in output and not (project.path / ".mlops" / "runs").exists()
    command = output.partition("go back with `mlops ")[2].partition("`")[0].split()
    assert project.mlops(*command).returncode == 0
    assert named(project, "azureml:applications@latest")[0] == 0
