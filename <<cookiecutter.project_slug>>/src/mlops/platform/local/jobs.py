"""Runs of jobs on this machine: opened, followed to their end, and found again."""

import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, Misuse
from mlops.platform.base import Event, State, Submission
from mlops.platform.local import opening
from mlops.platform.local.bench import Outcome
from mlops.platform.local.index import Index
from mlops.platform.local.lock import Lock
from mlops.platform.local.opening import Opened
from mlops.platform.local.runner import CANCELLED, drive
from mlops.platform.local.runs import Runs
from mlops.platform.local.tracking import Tracking

STATES: Mapping[int, State] = {0: "finished", 1: "refused", 2: "refused", 3: "failed", CANCELLED: "cancelled"}


class LocalJobs:
    """Jobs of one project, one at a time. Everything is kept below `.mlops/`."""

    def __init__(self, project: Path) -> None:
        self._project, self._state = project, project / ".mlops"
        self._runs, self._tracking = Runs(self._state), Tracking(self._state)
        self._lock = Lock(self._state / "lock")
        self._opened: Opened | None = None

    def submit(self, submission: Submission) -> str:
        self._lock.take()
        try:
            self._tracking.load()
            self._close_abandoned()
            self._opened = opening.open(submission, self._project, self._state, self._runs, self._tracking)
        except OSError as error:
            self._lock.release()
            where = f": {error.filename}" if error.filename else ""
            what = f"the run could not start: {files.reason(error)}{where}"
            raise Failure(f"{what}. Free some space or check its rights, then repeat.") from error
        except BaseException:
            self._lock.release()
            raise
        return self._opened.record["run"]

    def follow(self, run: str) -> Generator[Event, None, None]:
        opened, self._opened = self._opened, None
        if opened is None or opened.record["run"] != run:
            raise Misuse(f"run {run[:8]} is not waiting to be followed here. Submit the job again.")
        status = CANCELLED
        try:
            status = yield from self._drive(opened)
        except Exception:
            status = 3
            raise
        finally:
            self._end(opened, status)
        yield Event(run, None, opened.record["state"], opened.record["seconds"], status=status)

    def find(self, reference: str) -> str:
        return self._runs.find(reference)

    def describe(self, run: str) -> Mapping[str, Any]:
        return self._runs.read(run)

    def fetch(self, run: str, output: str, to: Path) -> None:
        record = self._runs.read(run)
        node, _, name = record["outputs"].get(output, output).rpartition(".")
        found = record["nodes"].get(node, {}).get("outputs", {}).get(name)
        if found is None:
            known = [f"{node}.{name}" for node, kept in record["nodes"].items() for name in kept.get("outputs", {})]
            named = [name for name, source in record["outputs"].items() if source in known]
            names = ", ".join([*named, *known]) or "none"
            raise Misuse(f"run {run[:8]} has no output '{output}'. It has: {names}.")
        if to.is_file() or (to.is_dir() and any(to.iterdir())):
            raise Misuse(f"{to} is there already. Name a folder that is not.")
        source = self._state / found["path"]
        if not source.exists() or Index(self._state).of_path(source) != found["digest"]:
            raise Failure(f"output '{output}' of run {run[:8]} was changed or lost: {source}. Run the job again.")
        with files.replacing(to) as draft:
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, draft)

    def _drive(self, opened: Opened) -> Generator[Event, None, int]:
        record = opened.record

        def note(outcome: Outcome) -> None:
            how = {"state": outcome.state, "seconds": outcome.seconds, "detail": outcome.detail}
            record["nodes"][outcome.node] = how | dict(outcome.record)
            self._runs.write(record)

        return drive(opened.job, opened.bench, note)

    def _end(self, opened: Opened, status: int) -> None:
        record = opened.record
        record["state"], record["status"] = STATES[status], status
        record["seconds"] = time.monotonic() - opened.since
        nodes = record["nodes"].values()
        metrics = {
            "wall_seconds": record["seconds"],
            "cpu_seconds": sum(node.get("cpu_seconds", 0.0) for node in nodes),
            "peak_memory_mb": max((node.get("peak_memory_mb", 0.0) for node in nodes), default=0.0),
        }
        try:
            files.remove(self._state / "work")
            self._runs.write(record)
            self._tracking.abandon(record["run"])
            self._tracking.close(record["run"], record["state"], metrics)
            opened.bench.index.save()
        finally:
            self._lock.release()

    def _close_abandoned(self) -> None:
        """Runs whose process was killed before it could write how they ended."""
        for record in self._runs.unfinished():
            self._runs.write(record | {"state": "cancelled", "status": CANCELLED})
            with suppress(Failure):  # MLflow does not know it when its database was removed since
                self._tracking.abandon(record["run"])
                self._tracking.close(record["run"], "cancelled")
