"""Jobs run as real processes: their order and their ends."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.platform import open as open_platform
from mlops.platform.base import Submission
from tests.mlops.platform.lab import OUT, Lab, asset, folder, job, node, text

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
    tag = """echo '["set_tag", "mlops.refused", "input"]' >> $MLOPS_LOG; exit 10"""
    refusing = [node("gate", REFUSE.format(kind="verdict")), node("reads", tag)]
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


def test_a_node_over_its_time_limit_is_ended(lab: Lab) -> None:
    done = lab.run(node("slow", "echo begun; sleep 600", timeout=0.5))
    assert done.states == {"slow": "failed"}
    assert "time limit of 0.5 s" in done.event("slow").detail and "begun" in done.event("slow").detail


def test_a_place_that_is_not_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="there is no environment 'moon'. Use one of: local, dev, staging, prod"):
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


def test_an_abandoned_follow_leaves_nothing_running(lab: Lab) -> None:
    jobs = lab.platform.jobs
    events = jobs.follow(jobs.submit(Submission(job(node("slow", "sleep 600")))))
    next(events)
    events.close()
    record = jobs.describe(jobs.find("last"))
    assert record["state"] == "cancelled"
    assert lab.run(node("next", "true")).status == 0


def test_a_node_that_ends_well_after_its_time_has_failed_all_the_same(lab: Lab) -> None:
    polite = node("polite", "trap 'exit 0' TERM; echo half > ${{outputs.out}}/x; sleep 600 & wait", outputs=OUT)
    done = lab.run(replace(polite, timeout=0.5))
    assert (done.status, done.states) == (3, {"polite": "failed"})
    assert "its time limit of 0.5 s" in done.event("polite").detail
