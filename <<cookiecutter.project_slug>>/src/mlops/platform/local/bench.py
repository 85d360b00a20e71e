"""The bench of a run: what the project holds is frozen or digested, the record begun, and its nodes share all of it."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops import files
from mlops.platform.base import Event, Submission
from mlops.platform.local import code, environment, reads
from mlops.platform.local.cache import Made
from mlops.platform.local.data import LocalData
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Record, Runs, begun
from mlops.platform.local.tracking import Tracking
from mlops.specs.types import Job


@dataclass(frozen=True)
class Outcome(Event):
    """How a node ended. `made` is there for a node whose outputs others may read; `record` goes into the run's."""

    made: Made | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """What the record of the run says of the node."""
        return {"state": self.state, "seconds": self.seconds, "detail": self.detail} | dict(self.record)


class Bench:
    """A run that is recorded, and what all of its nodes share.

    What they read from the project is as it was when the run was opened: code in `snapshots`, data by digest in
    `assets`. `root` is the state folder, under a name that a shell takes unquoted.
    """

    def __init__(self, submission: Submission, project: Path, state: Path, runs: Runs, tracking: Tracking) -> None:
        """Opens the run. Raises Misuse for an input that cannot be read, Failure and OSError for a full disk."""
        self.job, self.since = submission.job, time.monotonic()
        self.state = self.root = state
        self.runs, self.tracking, self.index, self.processes = runs, tracking, Index(state), Processes()
        files.remove(state / "work")
        own: Record = {"state": "running", "environment": environment.describe(project), "nodes": {}}
        self.record = begun(submission, project) | own
        self.snapshots = {
            source: code.take(source, state / "work" / "frozen" / str(number))
            for number, source in enumerate(dict.fromkeys(node.source for node in self.job.nodes))
        }
        store, inputs = LocalData(state), reads.of_job(self.job)
        known = {each.reference: each for each in store.list()}
        data = {name: reads.digested(name, asset, self.index, known) for name, asset in inputs.items()}
        self.assets = {Path(entry["path"]): entry["digest"] for entry in data.values()}
        self.record["data"] = data
        self.index.save()
        tracking.use(self.job.experiment)
        name = f"{self.job.name}: {submission.reason}" if submission.reason else self.job.name
        self.run = self.record["run"] = tracking.open(name, _tags(self.job, self.record))
        try:
            runs.write(self.record)
            tracking.log_parameters(self.run, self.record["parameters"])
            for name, entry in data.items():
                reads.keep(inputs[name], entry, project, store, submission.about, f"read by run {self.run[:8]}")
            runs.write(self.record)
            if versions := [entry["version"] for entry in data.values() if entry["version"]]:
                tracking.tag(self.run, "mlops.data", ", ".join(versions))
        except BaseException:
            files.remove(runs.folder(self.run))
            tracking.close(self.run, "failed")
            raise

    def note(self, outcome: Outcome) -> None:
        """Write into the record how a node ended."""
        assert outcome.node
        self.record["nodes"][outcome.node] = outcome.entry()
        self.runs.write(self.record)


def _tags(job: Job, record: Record) -> dict[str, str]:
    captured = record["code"]
    tags = {
        "mlops.reason": record["reason"],
        "mlflow.user": os.environ.get("LOGNAME") or os.environ.get("USER", ""),
        "mlops.code": captured["digest"],
        "mlops.dirty": str(captured["dirty"]).lower(),
        "mlops.environment": record["environment"]["digest"],
        "mlflow.note.content": record["reason"] or job.description,
        "mlflow.source.name": record["file"],
        "mlflow.source.git.commit": captured["commit"] or "",
    }
    data = {f"mlops.data.{name}": entry["digest"] for name, entry in record["data"].items()}
    return {name: text for name, text in (dict(job.tags) | tags | data).items() if text}
