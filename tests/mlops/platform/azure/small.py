"""A project of two steps that is quick to submit, on the emulated Azure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlops.platform.azure import client, follow
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.jobs import AzureJobs
from mlops.platform.base import Submission
from mlops.specs.bind import bind
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.runs import scripted
from tests.emulator.world import WORKSPACE

FILES: Mapping[str, str] = {
    ".gitignore": "/.mlops/\n",
    "src/work.py": "# {unique}\n",
    "requirements/Dockerfile": "FROM python@sha256:0\n# {unique}\n",
    "azureml/environments/job.yml": "name: small-job\nbuild: {path: ../../requirements, dockerfile_path: Dockerfile}\n",
    "azureml/components/prepare.yml": """
type: command
name: prepare
display_name: Prepare the rows
inputs: {rows: {type: uri_file}}
outputs: {table: {type: uri_folder}, recipe: {type: uri_file}}
code: ../../src
environment: file:../environments/job.yml
command: python work.py ${{inputs.rows}} ${{outputs.table}} ${{outputs.recipe}}
""",
    "azureml/components/train.yml": """
type: command
name: train
inputs: {table: {type: uri_folder}, seed: {type: integer}, champion: {type: uri_folder, optional: true}}
outputs: {model: {type: uri_folder}}
code: ../../src
environment: file:../environments/job.yml
command: python work.py ${{inputs.table}} ${{inputs.seed}} $[[${{inputs.champion}}]] ${{outputs.model}}
""",
    "azureml/pipelines/train.yml": """
type: pipeline
display_name: train
experiment_name: small
inputs:
  rows: {type: uri_file, path: azureml:rows@latest}
  seed: 7
outputs: {model: {type: uri_folder}}
settings: {default_compute: azureml:cpu}
jobs:
  prepare:
    type: command
    component: ../components/prepare.yml
    inputs: {rows: "${{parent.inputs.rows}}"}
  train:
    type: command
    component: ../components/train.yml
    inputs: {table: "${{parent.jobs.prepare.outputs.table}}", seed: "${{parent.inputs.seed}}"}
    outputs: {model: "${{parent.outputs.model}}"}
""",
}
WROTE = {
    "prepare.table": {"rows.csv": b"1"},
    "prepare.recipe": {"": b"how"},
    "train.model": {"model.txt": b"weights", "deep/tree.txt": b"leaves"},
}
"""What its steps write in a plan."""


@dataclass(frozen=True)
class Small:
    """No other project has its code, so that no other test has its jobs."""

    path: Path
    azure: Azure
    cloud: Cloud

    def make(self) -> "Small":
        for name, text in FILES.items():
            self.write(name, text.replace("{unique}", str(self.path)))
        self.keep("a")
        return self

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def keep(self, rows: str) -> None:
        """Let these be the latest rows."""
        self.write("rows.csv", f"{self.path} {rows}\n")
        AzureData(self.azure, self.path).add("rows", self.path / "rows.csv")

    @property
    def jobs(self) -> AzureJobs:
        return AzureJobs(self.azure, self.path)

    @property
    def file(self) -> Path:
        return self.path / "azureml" / "pipelines" / "train.yml"

    def submit(self, *, fresh: bool = False, champion: Path | None = None, **sets: str) -> str:
        job = bind(self.file, project=self.path, overrides=sets, remote=True, champion=champion)
        return self.jobs.submit(Submission(job, fresh, "to see"))

    def ends(self, run: str) -> tuple[int, dict[str, str]]:
        """The exit status of a run, and how its steps ended."""
        *steps, last = self.jobs.follow(run)
        return last.status, {event.node or "": event.state for event in steps if event.state != "started"}

    def documents(self, kind: str) -> list[str]:
        """Ids of what the workspace has of a kind."""
        return [each["id"] for each in self.cloud.arm.below(f"{WORKSPACE}/{kind}")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Iterator[None]:
    """Nobody waits between two looks or tries, and jobs end well unless a test plans otherwise."""
    monkeypatch.setattr(follow, "PAUSES", (0.01,))
    monkeypatch.setitem(client.TRIES, "retry_backoff_factor", 0)
    monkeypatch.setitem(client.BLOB_TRIES, "retry_total", 0)
    cloud.runs.plan = scripted(WROTE)
    yield
    cloud.mend()


@pytest.fixture
def small(azure: Azure, cloud: Cloud, tmp_path: Path) -> Small:
    return Small(tmp_path / "small", azure, cloud).make()
