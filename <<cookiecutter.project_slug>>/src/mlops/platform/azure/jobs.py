"""Jobs in Azure ML: submitted once, followed to their end, and found again."""

import shutil
import tempfile
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform.azure import official, record
from mlops.platform.azure.blobs import AT_ONCE, Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.azure.follow import History, Seen, ended, events, going_on, outcome, seconds
from mlops.platform.azure.record import KEPT, PREFIX, Record, Records
from mlops.platform.azure.sentences import said
from mlops.platform.base import Event, Submission
from mlops.platform.local import code
from mlops.platform.runs import chosen, refuse_if_blank, wanted

FAILED = ("Failed", "Canceled")
LOGS, LOG = "workspaceartifactstore", "ExperimentRun/dcid.{}/user_logs/std_log.txt"


class AzureJobs:
    """A job is named `mlops-RUN`: 16 digits of what it is made from, and where it is repeated -2, -3 and so on.

    What was fetched is kept below `.mlops/fetched/`.
    """

    def __init__(self, azure: Azure, project: Path) -> None:
        self._azure, self._project, self._on = azure, project.resolve(), azure.environment
        self._records, self._history = Records(azure, self._project), History(azure)

    def submit(self, submission: Submission) -> str:
        """The same job again is found, unless it has failed, was cancelled, or has ended and is to be `fresh`."""
        job, kept = self._bound(submission)
        run = first = kept["run"]
        number = 1
        while status := self._status(run):
            if status not in FAILED and not (submission.fresh and status == "Completed"):
                return run
            number += 1
            run = f"{first}-{number}"
        self._records.write(kept | {"run": run})
        job.name = PREFIX + run
        with said(self._on):
            self._azure.ml.jobs.create_or_update(job)
        return run

    def kept(self, submission: Submission) -> tuple[Any, Record]:
        """A job that Azure ML submits by itself, and its record, which the jobs find by their tag.

        Applied from other code, or by another schedule, it has a record of its own.
        """
        job, made = self._bound(submission)
        told = digest.of_value([made["run"], made["code"], made["reason"]])
        made["run"] = job.tags[KEPT] = f"schedules/{told}"
        self._records.write(made)
        return job, made

    def follow(self, run: str) -> Generator[Event, None, None]:
        """Closing it, or Ctrl-C, leaves the job alone."""
        with going_on(run, self._on):
            steps = [*self._records.read(run)["nodes"]]
            yield from events(self._history, run, PREFIX + run, steps, self._log)

    def find(self, reference: str) -> str:
        start = f"mlops run azureml/pipelines/train.yml --on {self._on}"
        return chosen(reference.removeprefix(PREFIX), self._runs(), start)

    def fetch(self, run: str, output: str, to: Path) -> None:
        kept = self._records.read(run)
        source = wanted(kept, output, [*kept["types"]], to)
        step, _, name = source.rpartition(".")
        seen = self._history.steps(PREFIX + run).get(step)
        if not seen or not ended(seen):
            raise Misuse(f"run {run} has no output '{output}' yet: step {step} has not ended.")
        place = self._copied(seen["runId"], name, kept["types"][source] == "uri_file")
        with files.replacing(to) as draft:
            (shutil.copytree if place.is_dir() else shutil.copyfile)(place, draft)

    def describe(self, run: str) -> Mapping[str, Any]:
        kept, now, steps = self._records.read(run), self._history.run(PREFIX + run), self._history.steps(PREFIX + run)
        state, status = outcome(now, steps) or ("running", None)
        nodes = {name: node | _of_step(steps.get(name)) for name, node in kept["nodes"].items()}
        about = {"state": state, "status": status, "seconds": seconds(now), "nodes": nodes}
        return kept | about | {"started": now.get("startTimeUtc") or kept["started"], "notes": self._records.notes(run)}

    def list(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[str, ...]]:
        damaged = []

        def described(run: str) -> Mapping[str, Any] | None:
            try:
                return self.describe(run)
            except Misuse as error:
                return damaged.append(str(error))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return tuple(filter(None, pool.map(described, reversed(self._runs())))), tuple(damaged)

    def note(self, run: str, text: str) -> None:
        refuse_if_blank(text)
        self._records.read(run)
        self._records.note(run, text)

    def restore(self, run: str, to: Path) -> Path:
        kept = self._records.read(run)["code"]
        if kept["dirty"]:
            self._records.bring_code(kept["digest"])
        return code.rebuild(kept, self._project, self._project / ".mlops", to.absolute())

    def cancel(self, run: str) -> None:
        if self._status(run) in ("Completed", *FAILED):
            raise Misuse(f"run {run} has ended already: there is nothing to cancel.")
        with said(self._on):
            self._azure.ml.jobs.begin_cancel(PREFIX + run, polling=False)

    def _bound(self, submission: Submission) -> tuple[Any, Record]:
        """A job as the client takes it, and its record: as `run` it has the digits of what the job is made from."""
        data = official.entries(self._azure, self._project, submission.job)
        with said(self._on):
            job = official.loaded(submission.job, data)
        if submission.fresh and job.type == "pipeline":
            job.settings.force_rerun = True
        images = official.bind_images(self._azure, self._project, job)
        kept = record.made(submission, self._on, self._project, images, data)
        tags = {"mlops.code": kept["code"]["digest"], "mlops.reason": submission.reason[:256]}
        job.tags = {**job.tags, **{name: text for name, text in tags.items() if text}}
        return job, kept | {"run": record.name(submission.job, kept)}

    def _runs(self) -> tuple[str, ...]:
        """Those that are jobs of ours, oldest first."""
        with said(self._on):
            jobs = [each for each in self._azure.ml.jobs.list() if each.name.startswith(PREFIX)]
        jobs.sort(key=lambda each: each.creation_context.created_at)
        return tuple(each.name.removeprefix(PREFIX) for each in jobs)

    def _status(self, run: str) -> str | None:
        """What Azure says of a run's job; None where there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with said(self._on):
            try:
                return self._azure.ml.jobs.get(PREFIX + run).status
            except ResourceNotFoundError:
                return None

    def _copied(self, job: str, output: str, single: bool) -> Path:
        """Where a copy of what a step wrote lies on this machine. Raises Misuse when it wrote nothing."""
        place = self._project / ".mlops" / "fetched" / job / output
        if not place.exists():
            with tempfile.TemporaryDirectory() as scratch, said(self._on):
                self._azure.ml.jobs.download(job, download_path=scratch, output_name=output)
                found = Path(scratch, "named-outputs", output)
                if not (inner := [path for path in found.rglob("*") if path.is_file()]):
                    raise Misuse(f"output '{output}' is empty: its step did not write it.")
                with files.replacing(place) as draft:
                    shutil.move(inner[0] if single else found, draft)
        return place

    def _log(self, step: Seen) -> str:
        """What a step printed, where it can be had."""
        with suppress(Failure):
            found = Blobs.of_workspace(self._azure, LOGS).read(LOG.format(step["runId"]))
            return (found or b"").decode(errors="replace")
        return ""


def _of_step(seen: Seen | None) -> Record:
    """What the record says of a step that began."""
    if not seen:
        return {}
    return {"state": (ended(seen) or ("running",))[0], "seconds": seconds(seen), "child": seen["runId"]}
