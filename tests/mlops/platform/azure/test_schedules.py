"""Jobs that Azure ML runs by itself: made paused, changed in place, and theirs are runs as any other."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops.errors import Failure, Misuse
from mlops.evidence.report.facts import earlier
from mlops.gates.base import Verdict
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.schedules import AzureSchedules
from mlops.platform.base import Submission
from mlops.specs.bind import bind
from mlops.specs.schedules import of_project
from tests.emulator.https.runs import scripted
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.scoring import Batch
from tests.mlops.platform.azure.scoring import batch as batch
from tests.mlops.platform.azure.small import WROTE, Small
from tests.mlops.platform.azure.small import quick as quick
from tests.mlops.platform.azure.small import small as small

FILE = """
name: {name}
description: Every Monday.
trigger: {{type: cron, expression: {when}}}
create_job: ../pipelines/train.yml
"""

BOTH = "outputs: {model: {type: uri_folder}, verdicts: {type: uri_folder}}"
BOUND = '{model: "${{parent.outputs.model}}", verdicts: "${{parent.outputs.verdicts}}"}'


def schedules(small: Small) -> AzureSchedules:
    """As a new command has them."""
    return AzureSchedules(small.azure, small.path)


def apply(small: Small, name: str, when: str = "0 3 * * 1") -> str:
    small.write("azureml/schedules/train.yml", FILE.format(name=name, when=when))
    return apply_as_it_is(small, name)


def apply_as_it_is(small: Small, name: str) -> str:
    """Another schedule of the same code."""
    [each] = of_project(small.path)
    job = bind(each.job, project=small.path, remote=True)
    return schedules(small).apply(each._replace(name=name), Submission(job, reason=f"schedule {name}"))


def latest(small: Small) -> str:
    return AzureData(small.azure, small.path).get("rows").reference


def listed(small: Small) -> dict[str, dict]:
    return {each["schedule"]: each for each in schedules(small).list()}


def document(small: Small, name: str) -> dict:
    return small.cloud.arm.store.documents[f"{WORKSPACE}/schedules/mlops-{name}"]["properties"]


def test_a_schedule_is_made_once_paused_and_stays_as_it_was_set(small: Small) -> None:
    assert apply(small, "once") == "paused" and not document(small, "once")["isEnabled"]
    schedules(small).switch("once", on=True)
    assert apply(small, "once", "30 4 * * 1-5") == "runs"
    assert document(small, "once")["trigger"]["expression"] == "30 4 * * 1-5"
    schedules(small).switch("once", on=False)
    assert apply(small, "once") == "paused"
    assert [each for each in small.documents("schedules") if each.endswith("once")] == [
        f"{WORKSPACE}/schedules/mlops-once"
    ]


def test_its_job_is_bound_to_what_was_the_latest_then(small: Small) -> None:
    apply(small, "bound")
    then, job = latest(small), document(small, "bound")["action"]["jobDefinition"]
    assert job["inputs"]["rows"]["uri"].endswith(f"/data/rows/versions/{then.removeprefix('rows:')}")
    shown = listed(small)["bound"]
    assert (shown["job"], shown["reads"], shown["newer"], shown["next"]) == ("train", [then], [], "")
    small.keep("b")
    assert listed(small)["bound"]["newer"] == [then]
    apply(small, "bound")
    shown = listed(small)["bound"]
    assert (shown["reads"], shown["newer"]) == ([latest(small)], []) and latest(small) != then


def test_the_job_that_it_submits_is_a_run_as_any_other(small: Small, tmp_path: Path) -> None:
    apply(small, "fires")
    applied = datetime.now(UTC).isoformat()
    schedules(small).switch("fires", on=True)
    name = small.azure.ml.schedules.trigger("mlops-fires").job_name
    run = small.jobs.find("fires")
    assert name == f"mlops-{run}" and small.ends(run)[0] == 0
    described = small.jobs.describe(run)
    assert (described["run"], described["reason"], described["data"]["rows"]["version"]) == (
        *(run, "schedule fires", latest(small)),
    )
    assert described["started"] > applied
    assert run in [each["run"] for each in small.jobs.list()[0]]
    small.jobs.fetch(run, "model", tmp_path / "model")
    assert (tmp_path / "model" / "model.txt").read_bytes() == b"weights"


def test_its_runs_have_a_history_of_their_verdicts(small: Small, tmp_path: Path) -> None:
    verdicts = {"verdicts": [asdict(Verdict("quality", "auc", 0.9, 0.8, True, "it is well."))]}
    small.cloud.runs.plan = scripted({**WROTE, "train.verdicts": {"verdicts.json": json.dumps(verdicts).encode()}})
    for file in (small.file, small.path / "azureml" / "components" / "train.yml"):
        text = file.read_text().replace("outputs: {model: {type: uri_folder}}", BOTH)
        file.write_text(text.replace('{model: "${{parent.outputs.model}}"}', BOUND))
    apply(small, "judges")
    schedules(small).switch("judges", on=True)
    runs = list[str]()
    for _ in range(2):
        name = small.azure.ml.schedules.trigger("mlops-judges").job_name
        runs.append(name.removeprefix("mlops-"))
        assert small.ends(runs[-1])[0] == 0
        time.sleep(1.1)  # Azure names the jobs of a schedule by the second
    records = sorted((small.jobs.describe(run) for run in runs), key=lambda each: each["started"])
    found = earlier(small.jobs, records[1], tmp_path)
    assert [(each["run"], said.gate) for each, [said] in found] == [(records[0]["run"], "quality")]
    assert earlier(small.jobs, records[0], tmp_path) == []


def test_what_is_applied_later_says_nothing_of_runs_before(small: Small) -> None:
    """By another schedule of the same job, or from other code."""
    apply(small, "first")
    schedules(small).switch("first", on=True)
    small.azure.ml.schedules.trigger("mlops-first")
    before = small.jobs.describe(run := small.jobs.find("first"))
    apply_as_it_is(small, "second")
    assert small.jobs.describe(run)["reason"] == "schedule first"
    small.write("README.md", "No step reads it.")
    apply(small, "first")
    assert small.jobs.describe(run)["code"] == before["code"]


def test_a_schedule_that_somebody_else_made_is_left_alone(small: Small) -> None:
    apply(small, "ours")
    held = small.cloud.arm.store.documents
    made = held[f"{WORKSPACE}/schedules/mlops-ours"]
    recurrence = {"triggerType": "Recurrence", "frequency": "day", "interval": 1, "schedule": {"hours": [3]}}
    for name, change in {"a": {"tags": {}}, "b": {"trigger": recurrence}}.items():
        id = f"{WORKSPACE}/schedules/mlops-{name}"
        held[id] = made | {"id": id, "name": f"mlops-{name}", "properties": made["properties"] | change}
    shown = listed(small)
    assert "ours" in shown and not shown.keys() & {"a", "b"}


@pytest.mark.parametrize("on", [True, False])
def test_one_that_is_not_there_is_said(small: Small, on: bool) -> None:
    apply(small, "there")
    with pytest.raises(Misuse, match="no schedule 'their' on dev: did you mean `there`.* schedule apply --on dev"):
        schedules(small).switch("their", on=on)


def test_a_compute_that_is_not_there_is_refused_when_it_is_applied(small: Small) -> None:
    text = small.file.read_text().replace("azureml:cpu", "azureml:gpu")
    small.write("azureml/pipelines/train.yml", text)
    with pytest.raises(Failure, match="dev has no compute 'gpu'. Correct `compute:` in the job's file, or add it"):
        apply(small, "nowhere")
    assert "nowhere" not in listed(small)


def test_data_that_is_not_there_is_refused_when_it_is_applied(small: Small) -> None:
    small.write("azureml/pipelines/train.yml", small.file.read_text().replace("azureml:rows@", "azureml:gone@"))
    with pytest.raises(Misuse, match="no data is named 'gone'. There are: rows"):
        apply(small, "without")


def test_who_may_only_look_changes_nothing(small: Small, as_person: AsPerson) -> None:
    apply(small, "kept")
    reader = as_person("an auditor", {"Reader": WORKSPACE})
    with pytest.raises(Failure, match="this login may not do Microsoft.MachineLearningServices/workspaces/sched"):
        AzureSchedules(reader, small.path).switch("kept", on=True)
    assert not document(small, "kept")["isEnabled"]


def test_all_of_a_project_are_applied_listed_resumed_and_paused_by_command(batch: Batch) -> None:
    applied = batch.mlops("schedule", "apply", "--on", "dev")
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout.splitlines() == [
        f"{name} is paused. Let it run with: mlops schedule resume {name} --on dev" for name in ("score", "train")
    ]
    assert batch.mlops("schedule", "resume", "score", "--on", "dev").stdout == "score runs\n"
    shown = json.loads(batch.mlops("schedule", "list", "--on", "dev", "--json").stdout)
    score, train = (next(each for each in shown if each["schedule"] == name) for name in ("score", "train"))
    assert (score["schedule"], score["state"], score["reads"]) == ("score", "runs", ["applications:1"])
    assert score["next"].endswith(" 04:00") and (train["state"], train["next"]) == ("paused", "")
    listed = " ".join(batch.mlops("schedule", "list", "--on", "dev").stdout.split())
    assert "score score applications:1 0 4 * * 1-5 runs" in listed and "train train applications:1" in listed
    assert batch.mlops("schedule", "pause", "score", "--on", "dev").stdout == "score is paused\n"
    assert "train is paused" in batch.mlops("schedule", "apply", "--on", "dev").stdout


@pytest.mark.parametrize("command", [("apply",), ("list",), ("pause", "train"), ("resume", "train")])
def test_nothing_is_scheduled_on_this_machine(batch: Batch, command: tuple[str, ...]) -> None:
    done = batch.mlops("schedule", *command)
    sentence = "nothing is scheduled on this machine: name an environment in Azure ML, as in --on dev.\n"
    assert (done.returncode, done.stderr) == (2, sentence)
