"""Jobs run as real processes: their order, their ends, and what they see."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
from mlflow.tracking import MlflowClient

from mlops.errors import Failure, Misuse
from mlops.platform import open as open_platform
from mlops.platform.base import Submission
from mlops.specs.types import Node
from tests.mlops.platform.lab import Lab, asset, environment, folder, job, node, text

OUT = {"out": "uri_folder"}
MEET = "touch {here}; for i in $(seq 400); do test -e {there} && exit 0; sleep 0.05; done; exit 1"
REFUSE = "python -c \"import mlflow; mlflow.set_tag('mlops.refused', '{kind}')\"; exit 10"


def test_a_node_reads_what_the_nodes_before_it_wrote(lab: Lab) -> None:
    done = lab.run(
        node("first", "echo ${{inputs.word}} > ${{outputs.out}}/a.txt", inputs={"word": text("hello")}, outputs=OUT),
        node(
            "second",
            "cat ${{inputs.x}}/a.txt > ${{outputs.file}}",
            inputs={"x": folder("first")},
            outputs={"file": "uri_file"},
        ),
    )
    assert done.status == 0
    assert done.states == {"first": "finished", "second": "finished"}
    assert lab.output(done, "second", "file").read_text() == "hello\n"
    assert [(event.node, event.state) for event in done.events] == [
        ("first", "started"), ("first", "finished"), ("second", "started"), ("second", "finished"), (None, "finished"),
    ]  # fmt: skip


def test_independent_nodes_run_side_by_side(lab: Lab, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    done = lab.run(
        node("left", MEET.format(here=here, there=there)), node("right", MEET.format(here=there, there=here))
    )
    assert done.states == {"left": "finished", "right": "finished"}


def test_a_failure_names_the_node_the_code_the_last_lines_and_the_log(lab: Lab) -> None:
    done = lab.run(
        node("breaks", "for i in $(seq 1 30); do echo line $i; done; echo 'on stderr' >&2; exit 7", outputs=OUT),
        node("after", "true", inputs={"x": folder("breaks")}),
    )
    assert done.status == 3
    assert done.states == {"breaks": "failed", "after": "skipped"}
    detail = done.event("breaks").detail
    assert "breaks" in detail and "exit code 7" in detail and "on stderr" in detail
    assert "line 30" in detail and "line 11\n" not in detail
    log = Path(detail.splitlines()[-1].removeprefix("The whole log: "))
    assert log.read_text().startswith("line 1\n")
    assert done.record["nodes"]["breaks"]["outputs"] == {}


@pytest.mark.parametrize("goes_on", [False, True])
def test_other_nodes_start_after_a_failure_only_when_the_job_says_so(lab: Lab, goes_on: bool, tmp_path: Path) -> None:
    done = lab.run(
        node("breaks", f"while ! test -e {tmp_path}/started; do sleep 0.02; done; exit 1", outputs=OUT),
        node("runs", f"touch {tmp_path}/started; sleep 0.5", outputs=OUT),
        node("after", "true", inputs={"x": folder("runs")}),
        node("below", "true", inputs={"x": folder("breaks")}),
        continue_on_step_failure=goes_on,
    )
    after = "finished" if goes_on else "skipped"
    assert done.states == {"breaks": "failed", "runs": "finished", "after": after, "below": "skipped"}
    assert done.status == 3


def test_a_verdict_is_status_1_and_keeps_its_outputs_uncached(lab: Lab) -> None:
    command = f"echo bad > ${{{{outputs.out}}}}/verdicts.json; {REFUSE.format(kind='verdict')}"
    done = lab.run(node("gate", command, outputs=OUT), node("after", "true", inputs={"x": folder("gate")}))
    assert done.status == 1
    assert done.states == {"gate": "refused", "after": "skipped"}
    assert (lab.output(done, "gate") / "verdicts.json").read_text() == "bad\n"
    assert not list(lab.state.glob("cache/*"))


def test_an_unreadable_input_wins_over_a_verdict(lab: Lab) -> None:
    refusing = [node("gate", REFUSE.format(kind="verdict")), node("reads", REFUSE.format(kind="input"))]
    done = lab.run(*refusing, continue_on_step_failure=True)
    assert done.status == 2
    assert done.states == {"gate": "refused", "reads": "unreadable"}
    assert done.record["state"] == "unreadable"
    assert done.event("reads").detail.startswith("node reads cannot read what it was given. The end of its log:")


def test_the_exit_code_of_a_refusal_without_its_tag_is_a_failure(lab: Lab) -> None:
    done = lab.run(node("breaks", "exit 10"))
    assert (done.status, done.states) == (3, {"breaks": "failed"})


def test_a_declared_file_that_was_not_written_is_a_failure(lab: Lab) -> None:
    done = lab.run(node("forgets", "true", outputs={"report": "uri_file"}))
    assert (done.status, done.states) == (3, {"forgets": "failed"})
    assert "did not write its output 'report'" in done.event("forgets").detail


def test_an_empty_output_folder_is_said(lab: Lab) -> None:
    done = lab.run(node("lazy", "true", outputs=OUT))
    assert done.status == 0
    assert "'out' is empty" in done.event("lazy").detail


def test_an_mlflow_that_a_job_installs_for_itself_is_said(lab: Lab) -> None:
    done = lab.run(
        node("brings", "mkdir -p $PIP_TARGET/mlflow_skinny-2.18.0.dist-info"),
        node("same", f"mkdir -p $PIP_TARGET/mlflow-{version('mlflow')}.dist-info"),
    )
    assert done.status == 0
    assert "it installed MLflow 2.18.0, but the record of runs is of 3." in done.event("brings").detail
    assert done.event("same").detail == ""


def test_a_node_over_its_time_limit_is_ended(lab: Lab) -> None:
    done = lab.run(node("slow", "echo begun; sleep 600", timeout=0.5))
    assert done.states == {"slow": "failed"}
    assert "time limit of 0.5 s" in done.event("slow").detail and "begun" in done.event("slow").detail


def test_a_node_works_in_a_private_copy_of_its_code(lab: Lab) -> None:
    code = lab.write("src/script.py", "open('made.txt', 'w').write('x')").parent
    lab.write("src/.amlignore", "*.secret\n")
    lab.write("src/.gitignore", "script.py\n")
    lab.write("src/a.secret", "x")
    done = lab.run(node("works", "python script.py; ls -A > ${{outputs.list}}", code, outputs={"list": "uri_file"}))
    assert lab.output(done, "works", "list").read_text().split() == [
        ".amlignore", ".gitignore", "logs", "made.txt", "outputs", "script.py",
    ]  # fmt: skip
    assert not (code / "made.txt").exists()


def test_a_node_sees_an_allow_list_and_not_the_callers_variables(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the caller")
    monkeypatch.setenv("TZ", "Europe/Rome")
    seen = {"seen": "uri_file"}
    dump = 'json.dump(dict(os.environ) | {"python": sys.prefix}, open(sys.argv[1], "w"))'
    show = f"python -c 'import json, os, sys; {dump}'"
    done = lab.run(node("shows", f"{show} ${{{{outputs.seen}}}}", outputs=seen, variables={"OWN": "yes"}))
    found = json.loads(lab.output(done, "shows", "seen").read_text())
    assert "AWS_SECRET_ACCESS_KEY" not in found
    assert (found["TZ"], found["OWN"]) == ("Europe/Rome", "yes")
    assert found["MLFLOW_RUN_ID"] == found["AZUREML_RUN_ID"] == done.record["nodes"]["shows"]["child"]
    assert found["MLFLOW_TRACKING_URI"].startswith("sqlite:///")
    assert found["MLFLOW_EXPERIMENT_NAME"] == "an experiment"
    assert found["DO_NOT_TRACK"] == found["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert found["python"] == sys.prefix


@pytest.mark.skipif(shutil.which("pip") is None, reason="no pip here")
def test_pip_in_a_job_installs_for_that_node_only(lab: Lab) -> None:
    with ZipFile(lab.path / "only_here-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("only_here.py", "import sys\n\n\ndef main():\n    print(sys.prefix)\n")
        wheel.writestr("only_here-1.dist-info/entry_points.txt", "[console_scripts]\nonly-here = only_here:main\n")
        wheel.writestr("only_here-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: only-here\nVersion: 1\n")
        wheel.writestr("only_here-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("only_here-1.dist-info/RECORD", "")
    installs = "pip install --no-index ${{inputs.wheel}} && only-here > ${{outputs.out}}/prefix"
    done = lab.run(
        node("installs", installs, inputs={"wheel": asset(Path(wheel.filename or ""))}, outputs=OUT),
        node("after", "python -c 'import only_here'", inputs={"x": folder("installs")}),
    )
    assert done.states == {"installs": "finished", "after": "failed"}
    assert (lab.output(done, "installs") / "prefix").read_text().strip() == sys.prefix


def test_a_project_whose_path_has_spaces_and_quotes_runs(tmp_path: Path, with_database) -> None:
    lab = Lab(tmp_path / "it's a $(project)", with_database)
    data = lab.write("data/some rows.csv", "1,2\n")
    done = lab.run(
        node("reads", "cat ${{inputs.rows}} > ${{outputs.out}}/rows.csv", inputs={"rows": asset(data)}, outputs=OUT),
        node("again", "ls ${{inputs.x}}/rows.csv", inputs={"x": folder("reads")}),
    )
    assert done.states == {"reads": "finished", "again": "finished"}
    assert (lab.output(done, "reads") / "rows.csv").read_text() == "1,2\n"


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


def test_a_place_that_is_not_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="there is no environment 'moon'. Use one of: local"):
        open_platform("moon", tmp_path)


def test_a_second_run_is_refused_with_the_first_ones_process(lab: Lab) -> None:
    first = lab.platform.jobs
    run = first.submit(Submission(job(node("one", "true"))))
    with pytest.raises(Misuse, match=rf"process {os.getpid()}\)"):
        lab.run(node("two", "true"))
    assert list(first.follow(run))[-1].status == 0
    assert lab.run(node("two", "true")).status == 0


def test_an_input_that_is_not_there_is_named_before_anything_starts(lab: Lab) -> None:
    with pytest.raises(Misuse, match="input 'reads.rows' cannot be read: No such file"):
        lab.run(node("reads", "true", inputs={"rows": asset(lab.path / "absent.csv")}))
    assert not list(lab.state.glob("runs/*"))


def test_a_state_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".mlops").write_text("a file where a folder must be")
    with pytest.raises(Failure, match="could not write"):
        Lab(tmp_path).run(node("one", "true"))


def run_with_little_space(lab: Lab, *nodes: Node) -> subprocess.CompletedProcess[str]:
    """Run a job in a process that, like its children, cannot write a file over 4 MiB."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * 2**20, 4 * 2**20))

    return subprocess.run(lab.command(*nodes), env=environment(), preexec_fn=limit, capture_output=True, text=True)


def test_a_disk_full_at_the_start_is_one_sentence_and_starts_nothing(lab: Lab) -> None:
    large = lab.path / "src" / "large.bin"
    large.parent.mkdir()
    large.write_bytes(bytes(5 * 2**20))
    done = run_with_little_space(lab, node("one", "true", large.parent))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1 and "File too large" in done.stderr
    assert not list(lab.state.glob("runs/*")) and not list(lab.state.glob("code*/*"))


def test_a_disk_full_in_a_node_loses_only_that_node(lab: Lab) -> None:
    small, large = "echo 1 > ${{outputs.out}}/x", "head -c 5242880 /dev/zero > ${{outputs.out}}/x"
    nodes = (node("small", small, outputs=OUT), node("large", large, inputs={"x": folder("small")}, outputs=OUT))
    done = run_with_little_space(lab, *nodes)
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


def test_an_abandoned_follow_leaves_nothing_running(lab: Lab) -> None:
    jobs = lab.platform.jobs
    events = jobs.follow(jobs.submit(Submission(job(node("slow", "sleep 600")))))
    next(events)
    events.close()
    record = jobs.describe(jobs.find("last"))
    assert record["state"] == "cancelled"
    assert lab.run(node("next", "true")).status == 0


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


def test_files_and_folders_to_include_lie_beside_the_code(lab: Lab) -> None:
    code = lab.write("src/script.py", "").parent
    lab.write("shared/lib/helper.py", "1")
    lab.write("shared/lib/.amlignore", "*.csv\n")
    lab.write("shared/lib/large.csv", "1")
    includes = (lab.path / "shared" / "lib", lab.write("notes.txt", "n"))
    one = node("lists", "ls > ${{outputs.list}}; ls lib >> ${{outputs.list}}", code, None, {"list": "uri_file"})
    one = replace(one, includes=includes)
    found = lab.output(lab.run(one), "lists", "list").read_text().split()
    assert found == ["lib", "logs", "notes.txt", "outputs", "script.py", "helper.py"]
    lab.write("shared/lib/helper.py", "2")
    assert lab.run(one).states == {"lists": "finished"}


def test_an_output_named_artifacts_holds_the_artifacts_of_the_run(lab: Lab) -> None:
    one = node("keeps", "echo 1 > outputs/model.txt", outputs={"artifacts": "uri_folder"})
    done = lab.run(
        one, node("reads", "cat ${{inputs.x}}/outputs/model.txt", inputs={"x": folder("keeps", "artifacts")})
    )
    assert done.states == {"keeps": "finished", "reads": "finished"}


@pytest.mark.parametrize(("distributed", "seen"), [(True, "0 1 127.0.0.1\n"), (False, "  \n")])
def test_a_job_that_asks_for_distribution_sees_itself_alone(lab: Lab, distributed: bool, seen: str) -> None:
    command = 'echo "$RANK $WORLD_SIZE $MASTER_ADDR" > ${{outputs.seen}}'
    done = lab.run(node("shows", command, outputs={"seen": "uri_file"}, distributed=distributed))
    assert lab.output(done, "shows", "seen").read_text() == seen


def test_a_node_that_ends_well_after_its_time_has_failed_all_the_same(lab: Lab) -> None:
    polite = node("polite", "trap 'exit 0' TERM; echo half > ${{outputs.out}}/x; sleep 600 & wait", outputs=OUT)
    done = lab.run(replace(polite, timeout=0.5))
    assert (done.status, done.states) == (3, {"polite": "failed"})
    assert "its time limit of 0.5 s" in done.event("polite").detail


def test_a_job_that_sets_the_variables_of_azure_ml_ends_no_other_node(lab: Lab) -> None:
    same = {"variables": {"AZUREML_RUN_ID": "mine"}, "outputs": OUT}
    done = lab.run(node("quick", "true", **same), node("slow", "sleep 2; echo 1 > ${{outputs.out}}/x", **same))
    assert done.states == {"quick": "finished", "slow": "finished"}


def test_folders_that_a_job_closes_to_everybody_do_not_stop_the_next_run(lab: Lab) -> None:
    closes = node("closes", "mkdir -p shut/inner; touch shut/inner/x; chmod -R a-w shut")
    assert [lab.run(closes, fresh=True).status for _ in range(2)] == [0, 0]
    assert not (lab.state / "work").exists()
