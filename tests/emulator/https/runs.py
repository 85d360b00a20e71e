"""What becomes of submitted jobs, as run history knows it: states and steps, what they wrote and logged."""

import datetime
import re
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.emulator.ids import Id
from tests.emulator.rules.assets import CONTAINERS, asset
from tests.emulator.rules.jobs import BINDING, pipeline
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

TERMINAL = ("Completed", "Failed", "Canceled")
LOG = "ExperimentRun/dcid.{}/user_logs/std_log.txt"


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()


@dataclass
class Run:
    """A job, or a step of one. `outputs` are the types of those that it reported, by name."""

    id: str
    name: str
    workspace: str
    parent: str = ""
    status: str = "NotStarted"
    tags: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    reused: bool = False
    error: Document | None = None
    times: dict[str, str] = field(default_factory=dict)

    def enter(self, status: str) -> None:
        self.status = status
        if status == "Running" or status in TERMINAL:
            self.times.setdefault("startTimeUtc", now())
        if status in TERMINAL:
            self.times["endTimeUtc"] = now()

    @property
    def document(self) -> Document:
        """As run history shows it."""
        places = {name: {"assetId": f"azureml://{self.id}/{name}", "type": kind} for name, kind in self.outputs.items()}
        made = {"runId": self.id, "displayName": self.name, "parentRunId": self.parent or None, "status": self.status}
        known = {"azureml.isreused": "true"} if self.reused else {}
        return made | self.times | {"tags": self.tags, "properties": known, "outputs": places, "error": self.error}


class Begun:
    """A job that was submitted, for the plan that says what becomes of it. A step's run is there from the start."""

    def __init__(self, cloud: "Cloud", job: Document) -> None:
        self.cloud, self.job, self.cancelled = cloud, job, threading.Event()
        self.workspace = str(Id(job["id"]).parent)
        account = (cloud.arm.find(self.workspace) or {})["properties"]
        self._place = (
            Id(account["storageAccount"]).name,
            CONTAINERS["workspaceblobstore"].format(account["workspaceId"]),
        )
        self.run = Run(job["name"], job["properties"].get("displayName", ""), self.workspace)
        nodes = pipeline(cloud.arm, job["properties"])["jobs"]
        self.steps = {node: Run(str(uuid.uuid4()), node, self.workspace, self.run.id) for node in nodes}

    def write(self, node: str, output: str, content: Mapping[str, bytes]) -> None:
        """What a step wrote, by path; the path of an output that is a file is empty."""
        for name, each in content.items():
            path = f"azureml/{self.steps[node].id}/{output}/{name}".removesuffix("/")
            self.cloud.blobs.write(*self._place, path, each)

    def reuses(self, node: str) -> bool:
        """Whether a step of an earlier job was made from the same.

        Source: `settings.force_rerun` and `is_deterministic` of the YAML schemas (Microsoft Learn, 2025); how the
        history says it: assumed.
        """
        if (self.job["properties"].get("settings") or {}).get("force_rerun"):
            return False
        key, others = self.key(node), [each for each in [*self.cloud.runs.begun.values()] if each is not self]
        ended = [each for each in others if node in each.steps and each.steps[node].status == "Completed"]
        return key is not None and key in [each.key(node) for each in ended]

    def key(self, node: str) -> str | None:
        """All that decides what a step writes; nothing of one that is not deterministic, or whose component is gone."""
        whole = pipeline(self.cloud.arm, self.job["properties"])
        step = whole["jobs"][node]
        if not (component := asset(self.cloud.arm, step["componentId"])):
            return None

        def meant(match: re.Match[str]) -> str:
            port, name, before, output = match.groups()
            return str(whole[port][name]) if port else f"{self.key(before)}.{output}"

        given = f"{step['componentId']} {BINDING.sub(meant, str(step.get('inputs')))}"
        return given if component["properties"]["componentSpec"].get("is_deterministic", True) else None

    def log(self, node: str, text: str) -> None:
        self.cloud.blobs.write(self._place[0], "azureml", LOG.format(self.steps[node].id), text.encode())

    def on_cancel(self, act: Callable[[], None]) -> None:
        """Do this when the job is cancelled."""

        def wait() -> None:
            if self.cancelled.wait():
                act()

        threading.Thread(target=wait, daemon=True).start()

    def end(self, status: str, error: str = "") -> None:
        """The job has ended, and with it each step that runs."""
        for step in self.steps.values():
            if step.status not in (*TERMINAL, "NotStarted"):
                step.enter("Canceled")
        self.enter(status, error)

    def enter(self, status: str, error: str = "") -> None:
        self.run.error = {"error": {"code": "UserError", "message": error}} if error else None
        self.run.enter(status)
        self.job["properties"]["status"] = status


Plan = Callable[[Begun], None]


class Runs:
    """All jobs of the subscription. `plan` is what becomes of the next ones; without one they are never started."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self.plan: Plan | None = None
        self.begun: dict[str, Begun] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, job: Document) -> None:
        begun = self.begun[job["name"]] = Begun(self._cloud, job)
        if self.plan:
            self._threads.append(threading.Thread(target=self._carry_out, args=(self.plan, begun), daemon=True))
            self._threads[-1].start()

    def cancel(self, name: str) -> None:
        begun = self.begun[name]
        begun.cancelled.set()
        if self.plan is None:
            begun.end("Canceled")

    def find(self, id: str) -> Run | None:
        """The run of a job or of a step."""
        for begun in self.begun.values():
            for run in (begun.run, *begun.steps.values()):
                if run.id == id:
                    return run
        return None

    def _carry_out(self, plan: Plan, begun: Begun) -> None:
        try:
            plan(begun)
        except Exception as fault:
            self._cloud.faults.append("".join(traceback.format_exception(fault)))
            begun.end("Failed", "The emulator could not carry it out.")

    def close(self) -> None:
        """Wait until no plan is carried out any more."""
        for begun in self.begun.values():
            begun.cancelled.set()
        for thread in self._threads:
            thread.join()


def scripted(outputs: Mapping[str, Mapping[str, bytes]], **failed: str) -> Plan:
    """A plan that writes `NODE.OUTPUT` and ends at once. Those of `failed` fail, with that tag `mlops.refused`."""

    def plan(begun: Begun) -> None:
        for name, content in outputs.items():
            node, output = name.split(".")
            begun.write(node, output, content)
            begun.steps[node].outputs[output] = "uri_file" if "" in content else "uri_folder"
        begun.enter("Running")
        for node, step in begun.steps.items():
            step.reused = begun.reuses(node)
            step.enter("Running")
            begun.log(node, f"{node} was here\n")
            if node in failed:
                step.tags |= {"mlops.refused": failed[node]} if failed[node] else {}
                step.error = {
                    "error": {"code": "UserError", "message": "Execution failed. User process exited with 1."}
                }
                step.outputs = {}
            step.enter("Failed" if node in failed else "Completed")
            if node in failed:
                return begun.end("Failed", f"Pipeline has failed child jobs: {node}.")
        begun.end("Completed")

    return plan


def stays(status: str) -> Plan:
    """A plan that gets as far as that, and goes on only when the job is cancelled."""

    def plan(begun: Begun) -> None:
        begun.enter("Running")
        next(iter(begun.steps.values())).enter(status)
        begun.cancelled.wait()
        begun.end("Canceled")

    return plan
