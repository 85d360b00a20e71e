"""The reference pipeline by the command line, really run in a second environment, against a run on this machine.

Azure's side knows only what was uploaded. It runs in the interpreter that the environment's own build context gives,
in another folder, for another user, on one processor.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mlops import digest
from mlops.platform.azure import names as env
from mlops.platform.azure.client import Azure
from mlops.platform.azure.jobs import AzureJobs
from mlops.platform.azure.names import Names
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.runner import really
from tests.mlops.platform.azure.matrix import give, organisation
from tests.support.azure_env import kept
from tests.support.project import Completed, Project

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("second environment")]

MEASURED = {
    "evaluate.evaluation/metrics.json": {
        *("costs.p95_ms", "costs.seconds_per_million", "training.at", "training.peak_mb", "training.seconds"),
    },
    "train.training/": {"at", "peak_mb", "seconds"},
}
"""The files that differ, and where: they say when a step ran, for how long, and what it took."""


class There:
    """A project that was trained on this machine and then in dev; `done` is what the second command printed."""

    def __init__(self, project: Project, cloud: Cloud, person: Principal, names: Names, home: Path) -> None:
        self.project, self.variables = project, cloud.environ(person, home)
        place = env.place(project.path, "dev")
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(asdict(names)))
        cloud.runs.plan = really(lambda context: kept("azure", context / "azure.txt"))
        self.mlops("data", "add", "applications", "data/applications.parquet", "--on", "dev")
        self.done = self.mlops("run", "azureml/pipelines/train.yml", "--on", "dev", "-m", "the same there")

    def typed(self, *arguments: str, **variables: str) -> Completed:
        return self.project.mlops(*arguments, **self.variables | variables)

    def mlops(self, *arguments: str, **variables: str) -> Completed:
        done = self.typed(*arguments, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    @property
    def local(self) -> dict[str, Any]:
        """The record of the run on this machine."""
        (file,) = (self.project.path / ".mlops" / "runs").glob("*/run.json")
        return json.loads(file.read_text())


@pytest.fixture(scope="module")
def there(
    trained: Project,
    cloud: Cloud,
    person: Principal,
    names: Names,
    tmp_path_factory: pytest.TempPathFactory,
) -> There:
    home = tmp_path_factory.mktemp("home")
    return There(trained.copy(home / "project"), cloud, person, names, home)


def content(path: Path) -> dict[str, str]:
    """The digest of each file; an output that is a file has one without a name."""
    return digest.of_files(path) if path.is_dir() else {"": digest.of_file(path)}


def changes(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() | other.keys():
            yield from changes(one.get(name), other.get(name), f"{place}.{name}".lstrip("."))
    elif one != other:
        yield place


def test_what_was_written_there_is_the_same_but_for_times(
    there: There, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in there.variables.items():
        monkeypatch.setenv(name, value)
    jobs, state, equal, different = AzureJobs(Azure(names, "dev"), tmp_path), there.project.path / ".mlops", set(), {}
    run = jobs.find("last")
    for step, node in there.local["nodes"].items():
        for output, written in node["outputs"].items():
            ours, theirs = state / written["path"], tmp_path / step / output
            jobs.fetch(run, f"{step}.{output}", theirs)
            assert content(ours).keys() == content(theirs).keys()
            for name, sha in content(ours).items():
                if content(theirs)[name] == sha:
                    equal.add(f"{step}.{output}/{name}")
                else:
                    pair = (json.loads((each / name).read_text()) for each in (ours, theirs))
                    different[f"{step}.{output}/{name}"] = set(changes(*pair))
    assert different == MEASURED
    assert {"train.model/model.onnx", "prepare.rows/train.parquet", "gate.gated/verdicts.json"} <= equal
    assert {name.partition("/")[0] for name in equal} == {
        *("validate.verdicts", "validate.recipe", "prepare.rows", "train.model", "train.baselines"),
        *("retrain.retrained", "evaluate.evaluation", "gate.gated"),
    }


def test_each_step_and_each_verdict_is_shown_as_on_this_machine(there: There) -> None:
    said = there.done.stdout
    assert all(f"✓ {step}" in said for step in ("validate", "prepare", "train", "retrain", "evaluate", "gate", "run"))
    assert "18 gates, 68 verdicts: 58 passed, 10 waived" in said


def test_the_two_runs_are_compared(there: There) -> None:
    done = there.mlops("runs", "compare", f"{there.local['run'][:8]}@local", "last@dev")
    assert done.stdout.startswith("the environment and the parameter environment differ")
    assert done.stdout.count("within noise") == 10 and "more than noise" not in done.stdout


def test_the_run_is_listed_shown_and_its_code_comes_back(there: There, tmp_path: Path) -> None:
    assert "the same there" in there.mlops("runs", "list", "--on", "dev").stdout
    there.mlops("runs", "note", "last", "as good as ours", "--on", "dev")
    shown = json.loads(there.mlops("runs", "show", "last", "--on", "dev", "--json").stdout)
    assert shown["notes"][0]["text"] == "as good as ours"
    assert shown["code"] == there.local["code"]
    there.mlops("runs", "restore", "last", str(tmp_path / "then"), "--on", "dev")
    rows = tmp_path / "then" / "data" / "applications"
    assert digest.of_file(rows) == shown["data"]["applications"]["digest"]


def test_a_page_tells_of_it(there: There, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = there.mlops("report", "last", "--on", "dev", "--to", str(page))
    assert done.stdout == f"{page}\n"
    text = page.read_text()
    assert "the same there" in text and "passed or is waived: 10 of 68 verdicts" in text


def test_the_same_command_again_finds_the_run(there: There) -> None:
    done = there.mlops("run", "azureml/pipelines/train.yml", "--on", "dev", "--no-follow")
    run = done.stdout.split()[1]
    assert run[:8] in there.done.stdout
    again = there.mlops("runs", "follow", run, "--on", "dev")
    assert sorted(again.stdout.splitlines()) == sorted(there.done.stdout.splitlines())
    again = there.typed("runs", "cancel", "last", "--on", "dev")
    assert (again.returncode, again.stderr.strip()) == (2, f"run {run} has ended already: there is nothing to cancel.")


def test_its_model_is_registered_with_where_it_is_from(there: There, cloud: Cloud, tmp_path: Path) -> None:
    """By CI, which may sign: the job is found, followed to its end, and its model is an asset with all that made it."""
    deploy = cloud.directory.add("deploy of dev")
    known = json.dumps(asdict(organisation(cloud)))
    give(cloud.arm, deploy.id, "deploy", "dev")
    variables = cloud.environ(deploy, tmp_path) | {"MLOPS_ENV_DEV": known}
    done = there.mlops("run", "azureml/pipelines/train.yml", "--on", "dev", "--register", **variables)
    model, _, digest_ = done.stdout.splitlines()[-1].removeprefix("registered ").partition(", digest ")
    shown = json.loads(there.mlops("models", "show", model, "--on", "dev", "--json", **variables).stdout)
    run = json.loads(there.mlops("runs", "show", "last", "--on", "dev", "--json").stdout)
    says = shown["lineage"]
    assert shown["digest"].startswith(digest_) and says["run"] == run["run"] and shown["runs"] == [run["run"]]
    assert says["data"]["applications"] == {
        "digest": run["data"]["applications"]["digest"],
        "version": "applications:1",
    }
    for name in ("digest", "commit", "dirty"):
        assert says["code"][name] == there.local["code"][name]
    assert says["parameters"] == there.local["parameters"] | {"environment": "dev"} and says["uncommitted"] == []
    artifact = there.project.path / ".mlops" / there.local["nodes"]["train"]["outputs"]["model"]["path"]
    assert shown["digest"] == digest.of_folder(artifact), "the same bytes as on this machine"
    again = there.typed("models", "register", "last", "--on", "dev", **variables)
    assert again.stdout.startswith(f"registered {model}, digest {digest_}"), again.stderr
    refused = there.typed("models", "register", "last", "--on", "dev", MLOPS_ENV_DEV=known)
    assert refused.returncode == 3 and "this login may not do Microsoft.KeyVault/vaults/keys/" in refused.stderr
