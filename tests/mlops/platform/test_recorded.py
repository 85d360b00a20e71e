"""What is recorded of a run, found again and fetched, whatever happens to the disk or to a record."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops.errors import Failure, Misuse
from tests.mlops.platform.lab import OUT, Lab, asset, environment, folder, node, text


def test_a_run_is_recorded_with_parents_parameters_digests_and_use(lab: Lab) -> None:
    data = lab.write("data/rows.csv", "1,2\n")
    busy = "python -c 'sum(range(10**6)); x = bytearray(50 * 2**20)'; mkdir -p outputs; echo kept > outputs/note.txt"
    done = lab.run(
        node("busy", busy, inputs={"rows": asset(data), "seed": text(7)}, outputs=OUT),
        inputs={"rows": asset(data), "seed": text(7)}, outputs={"model": folder("busy")}, reason="to try",
    )  # fmt: skip
    client = MlflowClient(f"sqlite:///{lab.state}/mlflow.db")
    parent = client.get_run(done.record["run"])
    child = client.get_run(done.record["nodes"]["busy"]["child"])
    assert parent.info.status == child.info.status == "FINISHED"
    assert (parent.info.run_name, child.info.run_name) == ("a job: to try", "busy")
    assert parent.data.params == {"seed": "7"}
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.tags["mlops.reason"] == parent.data.tags["mlflow.note.content"] == "to try"
    assert parent.data.tags["mlops.data.rows"] == done.record["data"]["rows"]["digest"]
    assert parent.data.tags["mlops.environment"] == done.record["environment"]["digest"]
    assert parent.data.tags["mlops.status"] == done.record["state"] == "finished"
    used = child.data.metrics
    assert used["wall_seconds"] >= 0 and used["cpu_seconds"] > 0 and used["peak_memory_mb"] > 50
    assert [file.path for file in client.list_artifacts(child.info.run_id, "outputs")] == ["outputs/note.txt"]


def test_a_run_shows_the_metrics_of_its_nodes_reused_ones_too(lab: Lab) -> None:
    measures = node("measures", "python -c 'import mlflow; mlflow.log_metric(\"auc\", 0.9)'")
    for state in ("finished", "reused"):
        done = lab.run(measures)
        assert done.states == {"measures": state}
        found = MlflowClient(f"sqlite:///{lab.state}/mlflow.db").get_run(done.record["run"]).data.metrics
        assert found["auc"] == 0.9 and found["wall_seconds"] == pytest.approx(done.record["seconds"])


def test_runs_are_found_and_their_outputs_fetched(lab: Lab, tmp_path: Path) -> None:
    write = node("writes", "echo 1 > ${{outputs.out}}/one", outputs=OUT)
    first, second = lab.run(write, fresh=True, outputs={"model": folder("writes")}), lab.run(write)
    jobs = lab.platform.jobs
    assert jobs.find("last") == second.record["run"]
    assert jobs.find(first.record["run"][:8]) == first.record["run"]
    with pytest.raises(Misuse, match="names no run"):
        jobs.find("zzz")
    jobs.fetch(first.record["run"], "model", tmp_path / "a")
    jobs.fetch(second.record["run"], "writes.out", tmp_path / "b")
    assert (tmp_path / "a" / "one").read_text() == (tmp_path / "b" / "one").read_text() == "1\n"
    with pytest.raises(Misuse, match=r"has no output 'nothing'. It has: model, writes.out"):
        jobs.fetch(first.record["run"], "nothing", tmp_path / "c")
    with pytest.raises(Misuse, match="is there already"):
        jobs.fetch(first.record["run"], "model", tmp_path / "a")


def test_an_output_that_the_run_did_not_come_to_is_not_offered(lab: Lab, tmp_path: Path) -> None:
    done = lab.run(node("breaks", "exit 1", outputs=OUT), outputs={"model": folder("breaks")})
    with pytest.raises(Misuse, match=r"has no output 'model'. It has: none"):
        lab.platform.jobs.fetch(done.record["run"], "model", tmp_path / "a")


def test_a_state_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".mlops").write_text("a file where a folder must be")
    with pytest.raises(Failure, match="could not write"):
        Lab(tmp_path).run(node("one", "true"))


def test_a_disk_full_at_the_start_is_one_sentence_and_starts_nothing(lab: Lab) -> None:
    large = lab.path / "src" / "large.bin"
    large.parent.mkdir()
    large.write_bytes(bytes(5 * 2**20))
    done = lab.in_little_space(node("one", "true", large.parent))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1 and "File too large" in done.stderr
    assert not list(lab.state.glob("runs/*")) and not list(lab.state.glob("code*/*"))


def test_a_disk_full_in_a_node_loses_only_that_node(lab: Lab) -> None:
    small, large = "echo 1 > ${{outputs.out}}/x", "head -c 5242880 /dev/zero > ${{outputs.out}}/x"
    nodes = (node("small", small, outputs=OUT), node("large", large, inputs={"x": folder("small")}, outputs=OUT))
    done = lab.in_little_space(*nodes)
    assert done.returncode == 3
    assert "large failed" in done.stdout and "None failed" in done.stdout
    assert not list(lab.state.glob("runs/*/outputs/large"))
    assert lab.run(*nodes).states == {"small": "reused", "large": "finished"}


def test_a_killed_run_that_mlflow_has_lost_does_not_block_the_next(lab: Lab) -> None:
    lab.run(node("one", "true"))
    (file,) = lab.state.glob("runs/*/run.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"state": "running"}))
    (lab.state / "mlflow.db").unlink()
    done = subprocess.run(lab.command(node("two", "true")), env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["state"] == "cancelled"


@pytest.mark.parametrize("content", ["", "[]", '{"state": "running"}'])
def test_a_damaged_record_of_a_run_stops_no_other_run(lab: Lab, content: str) -> None:
    damaged = lab.write(".mlops/runs/0ld/run.json", content)
    done = lab.run(node("one", "true"))
    assert done.status == 0
    assert lab.platform.jobs.find("last") == done.record["run"]
    with pytest.raises(Misuse, match=str(damaged)):
        lab.platform.jobs.describe("0ld")


def test_a_database_of_another_version_of_mlflow_is_said_to_be_that(lab: Lab) -> None:
    with sqlite3.connect(lab.state / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'of another version'")
    done = subprocess.run(lab.command(node("one", "true")), env=environment(), capture_output=True, text=True)
    assert done.returncode == 3
    assert "Another version of MLflow made it" in done.stderr and "Free some space" not in done.stderr
