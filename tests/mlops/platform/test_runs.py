"""Runs are listed, noted and restored; what is damaged, gone or in the way is said."""

import shlex
import subprocess
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops.errors import Failure, Misuse
from mlops.evidence.compare import compare
from mlops.evidence.restore import restore
from mlops.gates.quality import Limits
from mlops.platform.local.code import LIMIT_BYTES
from mlops.platform.local.runs import Runs
from mlops.platform.runs import chosen
from mlops.steps.package import Package
from mlops.words import short
from tests.mlops.platform.lab import Done, Lab, asset, node, text

OUT = {"out": "uri_file"}


def git(lab: Lab, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=lab.path, check=True, capture_output=True)


@pytest.fixture
def versioned(lab: Lab) -> Lab:
    """A repository with a script, and with data that it ignores."""
    lab.write(".gitignore", ".mlops/\ndata/\n")
    lab.write("src/script.py", "print('one')\n")
    lab.write("data/rows.csv", "a\n1\n")
    git(lab, "init", "--quiet")
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "-m", "first")
    return lab


def read(lab: Lab, path: Path, word: str = "x", reason: str = "") -> Done:
    inputs = {"rows": asset(path), "word": text(word)}
    command = "cat ${{inputs.rows}} > ${{outputs.out}}"
    return lab.run(node("reads", command, inputs=inputs, outputs=OUT), reason=reason, inputs=inputs)


def difference(lab: Lab, a: Done, b: Done, scratch: Path) -> dict:
    package = Package("no_such_model")
    return compare([a.record, b.record], [lab.platform.jobs] * 2, package, Limits(), lab.path, scratch)


def test_runs_are_listed_newest_first_and_a_damaged_record_is_passed_over_and_said(lab: Lab):
    first, second, third = (lab.run(node("says", f"echo {number}"), reason=str(number)) for number in range(3))
    file = lab.state / "runs" / second.record["run"] / "run.json"
    file.write_text(file.read_text()[:100])
    records, damaged = lab.platform.jobs.list()
    assert [record["reason"] for record in records] == ["2", "0"]
    assert len(damaged) == 1 and str(file) in damaged[0] and "is not valid JSON" in damaged[0]
    assert lab.platform.jobs.find("last") == third.record["run"]


def test_the_start_of_several_ids_is_misuse_that_names_them(lab: Lab):
    for run in ("abc1", "abc2"):
        Runs(lab.state).write({"run": run, "state": "finished", "started": "2026-01-01", "nodes": {}})
    with pytest.raises(Misuse, match=r"'abc' fits 2 runs \(abc1, abc2\)"):
        lab.platform.jobs.find("abc")


RUNS = ("a1b2c3d4e5f60718", "train-20261102T030000Z", "train-daily-20261103T030000Z", "a1b2c3d4e5f60718-2")
RUNS += ("train-20261109T030000Z", "train-daily-20261110T030000Z")


@pytest.mark.parametrize(
    ("reference", "run"),
    [
        ("train", "train-20261109T030000Z"),
        ("train-202611", "train-20261109T030000Z"),
        ("train-20261102", "train-20261102T030000Z"),
        ("train-daily", "train-daily-20261110T030000Z"),
        ("train-d", "train-daily-20261110T030000Z"),
        ("a1b2", "a1b2c3d4e5f60718-2"),
        ("a1b2c3d4e5f60718", "a1b2c3d4e5f60718"),
    ],
)
def test_a_start_means_the_latest_of_one_job_or_schedule(reference: str, run: str):
    assert chosen(reference, RUNS, "") == run


def test_the_name_of_one_schedule_is_no_start_of_another():
    with pytest.raises(Misuse, match="'train' names no run"):
        chosen("train", [run for run in RUNS if "daily" in run], "")
    with pytest.raises(Misuse, match=r"'tr' fits 4 runs \(train-20261102T030000Z, .*daily-20261110T030000Z\)"):
        chosen("tr", RUNS, "")


def test_an_id_is_shown_short_where_that_tells_it_from_others():
    assert [*map(short, RUNS[:3])] == ["a1b2c3d4", *RUNS[1:3]]


def test_notes_are_kept_in_order_and_shown_in_the_browser(lab: Lab):
    run = lab.run(node("says", "echo"), reason="a first look").record["run"]
    jobs = lab.platform.jobs
    jobs.note(run, "too good\nto be true: a leak?")
    jobs.note(run, "no leak — checked")
    assert [note["text"] for note in jobs.describe(run)["notes"]] == [
        "too good\nto be true: a leak?",
        "no leak — checked",
    ]
    shown = MlflowClient(f"sqlite:///{lab.state}/mlflow.db").get_run(run).data.tags["mlflow.note.content"]
    assert shown.startswith("a first look\n\n") and shown.endswith("no leak — checked")


def test_a_note_outlives_the_database_of_the_browser(lab: Lab):
    run = lab.run(node("says", "echo")).record["run"]
    (lab.state / "mlflow.db").unlink()
    lab.platform.jobs.note(run, "still here")
    assert [note["text"] for note in lab.platform.jobs.describe(run)["notes"]] == ["still here"]


def test_a_note_on_a_run_that_is_gone_and_a_note_without_words_are_misuse(lab: Lab):
    run = lab.run(node("says", "echo")).record["run"]
    with pytest.raises(Misuse, match="a note without words"):
        lab.platform.jobs.note(run, " \n")
    folder = lab.state / "runs" / run
    folder.rename(lab.state / "elsewhere")
    with pytest.raises(Misuse, match="cannot be read"):
        lab.platform.jobs.note(run, "a note")
    assert not folder.exists()


def test_a_damaged_note_is_named(lab: Lab):
    run = lab.run(node("says", "echo")).record["run"]
    (lab.state / "runs" / run / "notes.json").write_text('{"when":\n')
    with pytest.raises(Misuse, match=r"notes\.json: is not valid JSON"):
        lab.platform.jobs.describe(run)


def test_code_and_ignored_data_come_back_from_the_store(versioned: Lab, tmp_path: Path):
    rows, there = versioned.path / "data" / "rows.csv", tmp_path / "there"
    versioned.write("src/script.py", "print('two')\n")
    versioned.platform.data.add("rows", rows)
    done = read(versioned, rows, "it's")
    versioned.write("src/script.py", "print('three')\n")
    rows.write_text("a\n2\n")
    command, missing = restore(done.record["run"], there, versioned.platform, versioned.path)
    assert missing == []
    assert (there / "src" / "script.py").read_text() == "print('two')\n"
    assert (there / "data" / "rows.csv").read_text() == "a\n1\n"
    folder, words = command.split(" && ")
    assert folder == f"cd {there}"
    assert shlex.split(words)[3:] == ["--set", "word=it's", "--input", f"rows={there}/data/rows.csv"]


def test_nothing_is_written_where_a_link_in_the_code_leads_out(versioned: Lab, tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "rows.csv").write_text("a\n1\n")
    (versioned.path / "linked").symlink_to(shared)
    versioned.platform.data.add("rows", shared / "rows.csv")
    done = read(versioned, versioned.path / "linked" / "rows.csv")
    (shared / "rows.csv").write_text("a\n2\n")
    there = tmp_path / "there"
    _, [missing] = restore(done.record["run"], there, versioned.platform, versioned.path)
    assert (there / "linked").is_symlink()
    assert (shared / "rows.csv").read_text() == "a\n2\n"
    assert f"is kept as rows:1, but {there}/linked/rows.csv is outside. Put a copy" in missing


def test_data_that_was_not_kept_is_named_with_its_digest(versioned: Lab, tmp_path: Path):
    rows, outside = versioned.path / "data" / "rows.csv", tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    runs = read(versioned, rows), read(versioned, outside)
    for path in (rows, outside):
        path.write_text("a\n2\n")
    for number, done in enumerate(runs):
        _, [missing] = restore(done.record["run"], tmp_path / str(number), versioned.platform, versioned.path)
        assert f"digest {done.record['data']['rows']['digest']} is not in the store" in missing
        assert (tmp_path / str(number) / "src" / "script.py").exists()
    assert outside.read_text() == "a\n2\n"


def test_a_file_that_is_too_large_for_code_is_named_when_nobody_kept_it(versioned: Lab, tmp_path: Path):
    with versioned.write("weights.bin", "").open("wb") as stream:
        stream.truncate(LIMIT_BYTES + 1)
    done = read(versioned, versioned.path / "data")
    _, [data, weights] = restore(done.record["run"], tmp_path / "there", versioned.platform, versioned.path)
    assert data.startswith("Input 'rows' is not restored") and weights.startswith("weights.bin is not restored")


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_nothing_is_restored_over_what_is_there(versioned: Lab, tmp_path: Path, taken: str):
    run, place = read(versioned, versioned.path / "data").record["run"], tmp_path / "place"
    place.touch() if taken == "file" else place.mkdir()
    with pytest.raises(Misuse, match="is there already"):
        versioned.platform.jobs.restore(run, place)
    with pytest.raises(Misuse, match="lies inside the project"):
        versioned.platform.jobs.restore(run, versioned.path / "old")


def test_a_changed_store_of_code_is_refused(versioned: Lab, tmp_path: Path):
    versioned.write("src/script.py", "print('two')\n")
    done = read(versioned, versioned.path / "data")
    [patch] = (versioned.state / "code").rglob("*.patch")
    patch.write_text(patch.read_text().replace("two", "2.0"))
    with pytest.raises(Failure):
        versioned.platform.jobs.restore(done.record["run"], tmp_path / "there")
    assert not (tmp_path / "there").exists()

    versioned.write("src/script.py", "print('three')\n")
    other = read(versioned, versioned.path / "data")
    found = difference(versioned, done, other, tmp_path / "scratch")
    assert found["differs"] == "only the code differs"
    assert "Which files of the code differ cannot be told" in found["remarks"][0]


def test_what_differs_is_told_from_the_records(versioned: Lab, tmp_path: Path):
    rows = versioned.path / "data" / "rows.csv"
    first, same = read(versioned, rows), read(versioned, rows)
    assert difference(versioned, first, same, tmp_path / "1")["differs"] == "nothing that is recorded differs"

    versioned.write("src/script.py", "print('two')\nprint('more')\n")
    versioned.path.joinpath("src", "script.py").chmod(0o755)
    versioned.write("src/new.py", "x = 1\n")
    rows.write_text("a\n2\n")
    versioned.write("requirements/base.txt", "a==1\n")
    other = read(versioned, rows, "y")
    found = difference(versioned, first, other, tmp_path / "2")
    assert found["differs"] == "the code, the data, the environment and the parameter word differ"
    assert found["code"] == {"src/script.py": [1, 2], "src/new.py": [0, 1], "requirements/base.txt": [0, 1]}
    assert list(found["environment"]) == ["lock"] and list(found["data"]) == ["rows"]
    assert "has no evaluation" in found["remarks"][0]


def test_an_executable_bit_is_a_difference_and_tracked_data_is_not_code(versioned: Lab, tmp_path: Path):
    git(versioned, "add", "--force", "data")
    git(versioned, "commit", "--quiet", "-m", "data")
    rows = versioned.path / "data" / "rows.csv"
    first = read(versioned, rows)
    rows.write_text("a\n2\n")
    second = read(versioned, rows)
    assert first.record["code"]["digest"] != second.record["code"]["digest"]
    assert difference(versioned, first, second, tmp_path / "1")["differs"] == "only the data differs"
    versioned.path.joinpath("src", "script.py").chmod(0o755)
    third = read(versioned, rows)
    assert difference(versioned, second, third, tmp_path / "2")["code"] == {"src/script.py": [0, 0]}


def test_failed_runs_are_compared_as_far_as_they_got(lab: Lab, tmp_path: Path):
    first, second = (lab.run(node("breaks", f"exit {code}")) for code in (1, 2))
    found = difference(lab, first, second, tmp_path)
    assert found["metrics"] == {}
    assert [remark.partition(" has ")[2] for remark in found["remarks"]] == ["no evaluation: breaks failed."] * 2


def test_packages_are_recorded(lab: Lab):
    packages = lab.run(node("says", "echo")).record["environment"]["packages"]
    assert {"polars", "mlflow", "pytest"} <= packages.keys() and all(packages.values())


def test_the_project_may_lie_in_a_folder_of_its_repository(tmp_path: Path, versioned: Lab):
    inner = Lab(versioned.path / "inner", lambda path: None)
    inner.write("a.txt", "x")
    done = inner.run(node("says", "echo"))
    place = inner.platform.jobs.restore(done.record["run"], tmp_path / "there")
    assert place == tmp_path / "there" / "inner"
    assert (place / "a.txt").read_text() == "x" and (tmp_path / "there" / "src" / "script.py").exists()
