"""What is seen of a job in Azure ML while it runs and when it ends, and jobs that are really run."""

import sys
from pathlib import Path

import pytest

from mlops.errors import Misuse, MlopsError
from mlops.platform.azure import follow, images
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.https.runner import really
from tests.emulator.https.runs import scripted, stays
from tests.mlops.platform.azure.matrix import give, registry
from tests.mlops.platform.azure.seen import Seen
from tests.mlops.platform.azure.small import WROTE, Small
from tests.mlops.platform.azure.small import quick as quick
from tests.mlops.platform.azure.small import small as small

WORK = """
import sys
from pathlib import Path
given, *rest = sys.argv[1:]
if Path(given).is_file():
    Path(rest[0], "rows.csv").write_bytes(Path(given).read_bytes())
    Path(rest[1]).write_text("how")
else:
    seed, to = rest
    Path(to, "model.txt").write_text(f"{Path(given, 'rows.csv').read_text()} after {seed}")
"""
REFUSES = """
import os, sys
from mlflow import MlflowClient
print("not good enough")
MlflowClient().set_tag(os.environ["MLFLOW_RUN_ID"], "mlops.refused", "verdict")
sys.exit(10)
"""
DETAILS = "{region}.api.azureml.ms/history/v1.0{W}/runs/{name}"


@pytest.mark.parametrize(
    ("tag", "status", "state"), [("verdict", 1, "refused"), ("input", 2, "unreadable"), ("", 3, "failed")]
)
def test_a_refusal_is_told_from_a_crash(small: Small, tag: str, status: int, state: str, seen: Seen) -> None:
    small.cloud.runs.plan = scripted(WROTE, prepare=tag)
    run = small.submit()
    *events, last = small.jobs.follow(run)
    ended = {event.node: event for event in events}
    assert (last.status, last.state, ended["prepare"].state, ended["train"].state) == (status, state, state, "skipped")
    seen.says(f"a job whose step is {state}", last.status, last.detail)
    assert last.detail.startswith("Pipeline has failed child jobs: prepare. Its logs and outputs: https://ml.azure.com")
    assert "User process exited with 1" in ended["prepare"].detail and "prepare was here" in ended["prepare"].detail
    assert small.jobs.describe(run)["state"] == state
    assert small.jobs.describe(run)["nodes"]["train"]["state"] == "skipped"


def test_what_a_step_wrote_before_it_refused_is_fetched(small: Small, tmp_path: Path) -> None:
    small.cloud.runs.plan = scripted(WROTE, prepare="verdict")
    run = small.submit()
    small.ends(run)
    small.jobs.fetch(run, "prepare.table", tmp_path / "table")
    assert (tmp_path / "table" / "rows.csv").read_bytes() == b"1"
    with pytest.raises(Misuse, match="step train has not ended"):
        small.jobs.fetch(run, "model", tmp_path / "model")


def test_a_queue_is_said_and_a_cancelled_job_ends(small: Small) -> None:
    small.cloud.runs.plan = stays("Queued")
    run = small.submit()
    events = small.jobs.follow(run)
    assert next(events).detail == "waits in the queue of its compute"
    small.jobs.cancel(run)
    assert [event.state for event in events if event.state != "started"][-1] == "cancelled"


def test_a_job_is_really_run_from_what_was_uploaded(small: Small, tmp_path: Path) -> None:
    small.cloud.runs.plan = really(lambda context: Path(sys.executable))
    small.write("src/work.py", WORK)
    run = small.submit(seed="11")
    assert small.ends(run) == (0, {"prepare": "finished", "train": "finished"})
    small.jobs.fetch(run, "model", tmp_path / "model")
    assert (tmp_path / "model" / "model.txt").read_text() == f"{small.path} a\n after 11"


def test_a_job_runs_in_what_its_image_was_built_from(
    small: Small, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploys = small.cloud.directory.add("who deploys")
    registry(small.cloud.arm)
    give(small.cloud.arm, deploys.id, "deploy", "dev")
    for name, value in small.cloud.environ(deploys, small.path).items():
        monkeypatch.setenv(name, value)
    other, seen = Small(small.path, Azure(names, "dev"), small.cloud), list[str]()
    assert "is built" in "".join(images.build(other.azure, small.path))

    def interpreter(context: Path) -> Path:
        seen.append((context / "Dockerfile").read_text())
        return Path(sys.executable)

    small.cloud.runs.plan = really(interpreter)
    small.write("src/work.py", WORK)
    assert other.ends(other.submit(seed="12"))[0] == 0
    assert seen == [(small.path / "requirements" / "Dockerfile").read_text()]


def test_a_step_that_really_refuses_is_told_from_a_crash(small: Small) -> None:
    small.cloud.runs.plan = really(lambda context: Path(sys.executable))
    small.write("src/work.py", REFUSES)
    run = small.submit()
    *events, last = small.jobs.follow(run)
    assert (last.status, [event.state for event in events][-2:]) == (1, ["refused", "skipped"])
    assert "not good enough" in events[-2].detail


def test_a_job_that_runs_is_cancelled(small: Small) -> None:
    small.cloud.runs.plan = really(lambda context: Path(sys.executable))
    small.write("src/work.py", "import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    run = small.submit()
    events = small.jobs.follow(run)
    assert next(events).state == "started"
    small.jobs.cancel(run)
    assert [*events][-1].status == 130
    with pytest.raises(Misuse, match=f"run {run} has ended already"):
        small.jobs.cancel(run)


def test_ctrl_c_leaves_the_job_alone(small: Small, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    small.cloud.runs.plan = stays("Running")
    run = small.submit()

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, seen.fails("Ctrl-C while following", error=MlopsError) as caught:
        patch.setattr(follow.time, "sleep", interrupted)
        list(small.jobs.follow(run))
    assert caught.value.status == 130
    assert f"mlops runs follow {run} --on dev" in str(caught.value)
    assert f"mlops runs cancel {run} --on dev" in str(caught.value)
    assert small.jobs.describe(run)["state"] == "running"
    small.jobs.cancel(run)
    assert small.ends(run)[0] == 130


def test_a_connection_lost_while_following_says_how_to_come_back(small: Small, seen: Seen) -> None:
    small.cloud.runs.plan = stays("Running")
    run, events = small.submit(), small.jobs.follow
    following = events(run)
    next(following)
    small.cloud.lose("GET", DETAILS)
    with seen.fails("a connection lost while following", f"lost.*The job goes on.*mlops runs follow {run} --on dev"):
        list(following)
    small.cloud.mend()
    small.jobs.cancel(run)
    assert small.ends(run)[0] == 130


def test_a_connection_lost_for_a_moment_is_tried_again(small: Small) -> None:
    run = small.submit()
    small.cloud.arm.faults.throttle(2, verb="get", type="Microsoft.MachineLearningServices/workspaces", retry_after=0)
    assert small.ends(run)[0] == 0
