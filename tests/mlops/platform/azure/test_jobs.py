"""Jobs in Azure ML by the real client: submitted once, found again, fetched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml.entities._job.to_rest_functions import to_rest_job_object

from mlops.errors import Failure, Misuse
from mlops.platform.azure import official
from mlops.platform.azure.client import Azure
from mlops.platform.azure.images import recipe
from mlops.platform.azure.jobs import AzureJobs
from mlops.platform.azure.names import Names
from mlops.platform.local import reads
from mlops.specs.bind import bind
from mlops.specs.load import read
from tests.emulator.arm import OWNER
from tests.emulator.https.runs import scripted, stays
from tests.emulator.world import GROUP, WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.small import WROTE, Small
from tests.mlops.platform.azure.small import quick as quick
from tests.mlops.platform.azure.small import small as small
from tests.support.project import Project


def test_a_job_is_submitted_followed_and_described(small: Small, tmp_path: Path) -> None:
    run = small.submit()
    assert small.ends(run) == (0, {"prepare": "finished", "train": "finished"})
    found = small.jobs.describe(run)
    assert (found["state"], found["status"], found["reason"]) == ("finished", 0, "to see")
    assert found["parameters"] == {"seed": "7"} and found["outputs"] == {"model": "train.model"}
    assert found["nodes"]["train"]["inputs"] == {"table": "prepare.table"}
    version = found["data"]["rows"]["version"]
    job = small.cloud.arm.store.documents[f"{WORKSPACE}/jobs/mlops-{run}"]["properties"]
    assert job["inputs"]["rows"]["uri"].endswith(version.replace(":", "/versions/"))


def test_what_was_written_is_fetched_whole_or_not_at_all(small: Small, tmp_path: Path) -> None:
    run, jobs = small.submit(), small.jobs
    small.ends(run)
    jobs.fetch(run, "model", tmp_path / "model")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").rglob("*.txt")} == {
        "model.txt": b"weights", "tree.txt": b"leaves",
    }  # fmt: skip
    jobs.fetch(run, "prepare.recipe", tmp_path / "recipe")
    assert (tmp_path / "recipe").read_bytes() == b"how"
    with pytest.raises(Misuse, match="no output 'nothing'. It has: model, prepare"):
        jobs.fetch(run, "nothing", tmp_path / "x")
    with pytest.raises(Misuse, match="is there already"):
        jobs.fetch(run, "prepare.recipe", tmp_path / "recipe")
    small.cloud.lose("GET", "{account}.blob.core.windows.net/{rest}")
    with pytest.raises(Failure, match="connection to Azure was lost"):
        jobs.fetch(run, "prepare.table", tmp_path / "table")
    small.cloud.mend()
    assert not (tmp_path / "table").exists()
    jobs.fetch(run, "prepare.table", tmp_path / "table")
    assert [path.name for path in (tmp_path / "table").iterdir()] == ["rows.csv"]


def test_the_same_job_again_is_the_same_run(small: Small) -> None:
    run, since = small.submit(), len(small.cloud.journal)
    assert small.submit() == run
    assert not [call for call in small.cloud.calls(since) if call.method == "PUT"]


def changed_code(small: Small) -> str:
    small.write("src/work.py", "# another")
    return small.submit()


def changed_data(small: Small) -> str:
    small.keep("b")
    return small.submit()


def changed_image(small: Small) -> str:
    small.write("requirements/Dockerfile", "FROM python@sha256:1\n")
    return small.submit()


@pytest.mark.parametrize("change", [changed_code, changed_data, changed_image, lambda small: small.submit(seed="8")])
def test_a_change_is_another_job(small: Small, change: Callable[[Small], str]) -> None:
    assert small.submit()[:16] != change(small)[:16]


def test_what_failed_or_was_cancelled_runs_again(small: Small) -> None:
    small.cloud.runs.plan = scripted(WROTE, train="")
    run = small.submit()
    assert small.ends(run)[0] == 3
    small.cloud.runs.plan = stays("Running")
    again = small.submit()
    assert again == f"{run}-2" and small.submit() == again == small.submit(fresh=True)
    small.jobs.cancel(again)
    assert small.ends(again)[0] == 130
    small.cloud.runs.plan = scripted(WROTE)
    last = small.submit()
    assert last == f"{run}-3" and small.ends(last)[0] == 0
    assert small.submit() == last != small.submit(fresh=True)
    jobs = small.jobs
    assert jobs.find(run[:8]) == f"{run}-4" == jobs.find("last") and jobs.find(run) == run


def test_azure_reuses_what_it_has_unless_it_is_to_be_fresh(small: Small) -> None:
    small.ends(small.submit())
    assert small.ends(small.submit(seed="8")) == (0, {"prepare": "reused", "train": "finished"})
    fresh = small.submit(fresh=True)
    job = small.cloud.arm.store.documents[f"{WORKSPACE}/jobs/mlops-{fresh}"]["properties"]
    assert job["settings"]["force_rerun"] is True
    assert small.ends(fresh) == (0, {"prepare": "finished", "train": "finished"})


def test_a_built_environment_is_named_and_only_dev_builds_one(small: Small, names: Names) -> None:
    registry = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/{names.registry}"
    small.cloud.arm.put(OWNER, registry, {"location": "westeurope", "properties": {}})
    found = recipe(read(small.path / "azureml/environments/job.yml"))
    assert found
    with pytest.raises(Failure, match=f"{found} is not in the registry mlr-agency. Build and share it"):
        Small(small.path, Azure(names, "staging"), small.cloud).submit()
    held, id = small.cloud.arm.store.documents, f"{WORKSPACE}/environments/{found.name}/versions/{found.version}"
    small.cloud.arm.put(OWNER, id, {"properties": {"image": "crlend.azurecr.io/x@sha256:0"}})
    steps = held[f"{WORKSPACE}/jobs/mlops-{small.submit()}"]["properties"]["jobs"].values()
    specs = [held[step["componentId"]]["properties"]["componentSpec"] for step in steps]
    assert {spec["environment"] for spec in specs} == {f"azureml:{id}"}


def test_notes_are_for_everybody_and_a_run_is_found_by_anybody(small: Small, tmp_path: Path) -> None:
    run = small.submit()
    small.jobs.note(run, "look here")
    with pytest.raises(Misuse, match="a note without words"):
        small.jobs.note(run, " ")
    other = AzureJobs(small.azure, tmp_path / "elsewhere")
    assert other.describe(run)["file"] == str(tmp_path / "elsewhere" / "azureml" / "pipelines" / "train.yml")
    assert [each["text"] for each in other.describe(other.find(run[:8]))["notes"]] == ["look here"]
    assert run in [each["run"] for each in other.list()[0]] and not other.list()[1]
    with pytest.raises(Misuse, match="'nothing' names no run"):
        other.find("nothing")
    Bytes(small.cloud).write(f"mlops/runs/{run}/record.json", b"{")
    assert [sentence for sentence in other.list()[1] if run in sentence]
    with pytest.raises(Misuse, match=f"{run}/record.json in dev is missing or damaged"):
        other.describe(run)


def test_code_that_no_commit_holds_is_restored_elsewhere(small: Small, tmp_path: Path) -> None:
    run = small.submit()
    there = AzureJobs(small.azure, tmp_path / "elsewhere").restore(run, tmp_path / "restored")
    assert (there / "src" / "work.py").read_text() == (small.path / "src" / "work.py").read_text()
    with pytest.raises(Misuse, match="is there already"):
        small.jobs.restore(run, tmp_path / "restored")


@pytest.mark.parametrize("file", ["train", "score"])
def test_a_champion_is_bound_to_each_step_that_takes_one(reference: Project, tmp_path: Path, file: str) -> None:
    """Also inside a pipeline that a job takes from a file of its own."""
    path = reference.path / "azureml" / "pipelines" / f"{file}.yml"
    job = bind(path, project=reference.path, champion=Path("azureml:triage:3"), remote=True)
    data = {name: {"source": f"azureml://datastores/here/paths/{name}/"} for name in reads.of_job(job)}
    step = {"train": "gate", "score": "served"}[file]
    assert f"{step}.champion" in data
    found: Any = to_rest_job_object(official.loaded(job, data))
    bound = {
        name: node["inputs"]["champion"] for name, node in found.properties.jobs.items() if "champion" in node["inputs"]
    }
    uri = f"azureml://datastores/here/paths/{step}.champion/"
    assert bound == {step: {"uri": uri, "job_input_type": "uri_folder"}}
