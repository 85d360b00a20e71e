"""Runs keep the named data that they read, and refuse what is no longer what it is said to be."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops.errors import Failure, Misuse
from mlops.platform.base import Submission
from mlops.platform.local.lock import locked
from mlops.specs.types import Asset
from tests.mlops.platform.lab import Lab, environment, job, node
from tests.mlops.platform.stored import DAMAGE, linked, parts, sparse, table


def named(path: Path, source: str = "azureml:rows@latest", version: str = "") -> Asset:
    return Asset(path, "uri_folder" if path.is_dir() else "uri_file", source, version)


def reading(asset: Asset) -> dict:
    return {"inputs": {"table": asset}}


def test_a_run_keeps_the_named_data_of_the_project(lab: Lab, tmp_path: Path) -> None:
    place, outside = lab.write("data/a.csv", "a\n1\n"), table(tmp_path / "outside.csv")
    about = {"rows": {"owner": "a@example.org"}}
    inputs = {"table": named(place), "out": named(outside, "azureml:others@latest"), "path": named(place, "a.csv")}
    jobs = lab.platform.jobs
    run = jobs.submit(Submission(job(node("one", "true"), inputs=inputs), about=about))
    list(jobs.follow(run))
    read = jobs.describe(run)["data"]
    [kept] = lab.platform.data.list()
    assert (kept.reference, kept.message, kept.about) == ("rows:1", f"read by run {run[:8]}", about["rows"])
    assert (read["table"]["version"], read["table"]["digest"]) == ("rows:1", kept.digest)
    assert read["out"]["version"] is None and read["path"]["version"] is None
    again = lab.run(node("one", "true"), **reading(named(place)))
    assert again.record["data"]["table"]["version"] == "rows:1" and lab.platform.data.list() == (kept,)
    lab.write("data/a.csv", "a\n2\n")
    changed = lab.run(node("one", "true"), **reading(named(place)))
    assert changed.record["data"]["table"]["version"] == "rows:2"


def test_named_data_that_the_store_does_not_take_is_read_all_the_same(lab: Lab) -> None:
    done = lab.run(node("one", "true"), **reading(named(linked(lab.path / "data"))))
    assert done.status == 0 and done.record["data"]["table"]["version"] is None
    assert lab.platform.data.list() == ()


def test_a_changed_file_under_a_known_version_is_refused(lab: Lab) -> None:
    place = lab.write("data/a.csv", "a\n1\n")
    lab.platform.data.add("rows", place)
    assert lab.run(node("one", "true"), **reading(named(place, version="rows:1"))).status == 0
    lab.write("data/a.csv", "a\n2\n")
    with pytest.raises(Misuse, match=r"a.csv no longer has the bytes of rows:1.*mlops data add rows"):
        lab.run(node("one", "true"), **reading(named(place, version="rows:1")))
    assert len(list(lab.state.glob("runs/*"))) == 1
    assert lab.run(node("one", "true"), **reading(named(place, version="rows:2"))).status == 0


@pytest.mark.parametrize("kind", ["damaged", "missing", "foreign"])
def test_a_run_of_a_stored_version_that_was_changed_is_refused(lab: Lab, kind: str) -> None:
    data = lab.platform.data
    data.add("rows", parts(lab.path / "data", "1", "2"))
    stored = named(data.content("rows"), "azureml:rows:1", "rows:1")
    assert lab.run(node("one", "true"), **reading(stored)).record["data"]["table"]["version"] == "rows:1"
    DAMAGE[kind][0](lab.state / "data" / "rows" / "1")
    with pytest.raises(Failure, match="stored bytes of rows:1 were changed.*mlops data verify rows:1"):
        lab.run(node("one", "true"), **reading(stored))


def test_a_full_disk_while_a_run_keeps_its_data_ends_that_run_in_a_sentence(lab: Lab) -> None:
    place = sparse(lab.path / "large.bin", 5)
    done = lab.in_little_space(node("one", "true"), **reading(named(place)))
    assert done.returncode == 3 and "File too large" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not list(lab.state.glob("runs/*")) and lab.platform.data.list() == ()
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_damaged_record_of_data_stops_only_a_run_that_reads_it(lab: Lab, content: str) -> None:
    data, place = lab.platform.data, lab.write("data/a.csv", "a\n1\n")
    data.add("others", place)
    lab.write(".mlops/data/others/1/version.json", content)
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"
    with pytest.raises(Misuse, match="others/1/version.json of others:1 is damaged"):
        data.resolve("others", "1")


def test_a_run_killed_while_it_keeps_its_data_is_not_running_for_ever(lab: Lab) -> None:
    """It waits for the lock of the name that it adds to, which is held until it was killed."""
    place = lab.write("a.csv", "a\n1\n")
    command = lab.command(node("one", "true"), **reading(named(place)))
    with (
        locked(lab.state / "data" / "rows" / "lock"),
        subprocess.Popen(command, env=environment()) as child,
    ):
        deadline = time.monotonic() + 60
        while not list(lab.state.glob("runs/*/run.json")) and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.02)
        child.kill()
    [file] = lab.state.glob("runs/*/run.json")
    assert json.loads(file.read_text())["state"] == "running"
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"
    assert json.loads(file.read_text())["state"] == "cancelled"
    assert MlflowClient(f"sqlite:///{lab.state}/mlflow.db").get_run(file.parent.name).info.status == "KILLED"
