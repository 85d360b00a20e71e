"""Runs of jobs on this machine: opened, followed to their end, and found again."""

import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, Misuse
from mlops.platform.base import STATES, Event, Submission
from mlops.platform.local import code
from mlops.platform.local.bench import Bench
from mlops.platform.local.index import Index
from mlops.platform.local.lock import locked
from mlops.platform.local.process import together
from mlops.platform.local.runner import CANCELLED, drive
from mlops.platform.local.runs import Record, Runs
from mlops.platform.local.tracking import Tracking
from mlops.platform.runs import refuse_if_blank, wanted


class LocalJobs:
    """Jobs of one project, one at a time. Everything is kept below `.mlops/`."""

    def __init__(self, project: Path) -> None:
        self._project, self._state = project, project / ".mlops"
        self._runs, self._tracking = Runs(self._state), Tracking(self._state)
        self._held = ExitStack()
        self._opened: Bench | None = None

    def submit(self, submission: Submission) -> str:
        with ExitStack() as held:
            held.enter_context(locked(self._state / "lock", wait=False))
            try:
                self._tracking.load()
                self._close_abandoned()
                self._opened = Bench(submission, self._project, self._state, self._runs, self._tracking)
            except OSError as error:
                what = f"the run could not start: {files.blamed(error)}"
                raise Failure(f"{what}. Free some space or check its rights, then repeat.") from error
            self._held = held.pop_all()
            return self._opened.run

    def follow(self, run: str) -> Generator[Event, None, None]:
        bench, self._opened = self._opened, None
        if bench is None or bench.run != run:
            what = f"run {run[:8]} is not waiting to be followed here"
            raise Misuse(f"{what}: look at it with `mlops runs show {run[:8]}`, or submit the job again.")
        status = CANCELLED
        try:
            status = yield from drive(bench)
        except Exception:
            status = 3
            raise
        finally:
            self._end(bench, status)
        where = f"Its logs and outputs: {self._runs.folder(run)}"
        yield Event(run, None, bench.record["state"], bench.record["seconds"], where, status)

    def find(self, reference: str) -> str:
        return self._runs.find(reference)

    def describe(self, run: str) -> Mapping[str, Any]:
        return self._runs.read(run) | {"notes": self._runs.notes(run)}

    def list(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[str, ...]]:
        return self._runs.list()

    def cancel(self, run: str) -> None:
        raise Misuse(f"run {run[:8]} is driven by the command that started it. End it there with Ctrl-C.")

    def note(self, run: str, text: str) -> None:
        refuse_if_blank(text)
        record = self._runs.read(run)
        self._runs.note(run, text)
        lines = (record["reason"], *(f"{each['when'][:10]} {each['text']}" for each in self._runs.notes(run)))
        with suppress(Failure):  # MLflow does not know it when its database was removed since
            self._tracking.tag(run, "mlflow.note.content", "\n\n".join(filter(None, lines)))

    def restore(self, run: str, to: Path) -> Path:
        return code.rebuild(self._runs.read(run)["code"], self._project, self._state, to.absolute())

    def fetch(self, run: str, output: str, to: Path) -> None:
        record = self._runs.read(run)
        nodes = {node: kept.get("outputs", {}) for node, kept in record["nodes"].items()}
        written = {f"{node}.{name}": found for node, outputs in nodes.items() for name, found in outputs.items()}
        found = written[wanted(record, output, [*written], to)]
        source = self._state / found["path"]
        if not source.exists() or Index(self._state).of_path(source) != found["digest"]:
            raise Failure(f"output '{output}' of run {run[:8]} was changed or lost: {source}. Run the job again.")
        with files.replacing(to) as draft:
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, draft)

    def _end(self, bench: Bench, status: int) -> None:
        record = bench.record
        record |= {"state": STATES[status], "status": status, "seconds": time.monotonic() - bench.since}
        used = {"wall_seconds": record["seconds"]} | together(record["nodes"].values())
        try:
            files.remove(self._state / "work")
            self._runs.write(record)
            self._tracking.close_all(bench.run, record["state"], self._measured(record) | used)
            bench.index.save()
        finally:
            self._held.close()

    def _measured(self, record: Record) -> dict[str, float]:
        """The metrics of all nodes, those of reused ones too: what a person looks for at the run itself."""
        nodes = [node.get("reuses", node) for node in record["nodes"].values()]
        found = [self._tracking.read(node["child"]).metrics for node in nodes if node.get("child")]
        return {name: value for metrics in found for name, value in metrics.items()}

    def _close_abandoned(self) -> None:
        """Runs whose process was killed before it could write how they ended."""
        for record in [each for each in self._runs.list()[0] if each["state"] == "running"]:
            self._runs.write(record | {"state": "cancelled", "status": CANCELLED})
            with suppress(Failure):  # MLflow does not know it when its database was removed since
                self._tracking.close_all(record["run"], "cancelled")
