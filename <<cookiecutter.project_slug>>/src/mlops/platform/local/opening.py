"""Opening a run: what the project holds is frozen or digested, and the record begun."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from mlops import files
from mlops.platform.base import Submission
from mlops.platform.local import code, environment, reads, snapshot
from mlops.platform.local.bench import Bench
from mlops.platform.local.cache import Cache
from mlops.platform.local.data import LocalData
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Record, Runs
from mlops.platform.local.tracking import Tracking
from mlops.specs.types import Job, Literal


def open(submission: Submission, project: Path, state: Path, runs: Runs, tracking: Tracking) -> Bench:
    """Raises Misuse for an input that cannot be read, Failure and OSError for what cannot be written."""
    job, since = submission.job, time.monotonic()
    files.remove(state / "work")
    record: Record = {
        "name": job.name,
        "file": str(job.file),
        "experiment": job.experiment,
        "reason": submission.reason,
        "fresh": submission.fresh,
        "state": "running",
        "started": datetime.now(UTC).isoformat(),
        "code": code.capture(project, state),
        "environment": environment.describe(project),
        "parameters": {name: value.text for name, value in job.inputs.items() if isinstance(value, Literal)},
        "outputs": {name: f"{value.node}.{value.output}" for name, value in job.outputs.items()},
        "nodes": {},
    }
    snapshots = {
        source: snapshot.take(source, state / "work" / "frozen" / str(number))
        for number, source in enumerate(dict.fromkeys(node.source for node in job.nodes))
    }
    index, data, assets = Index(state), LocalData(state), reads.of_job(job)
    known = {each.reference: each for each in data.list()}
    record["data"] = {name: reads.digested(name, asset, index, known) for name, asset in assets.items()}
    index.save()
    tracking.use(job.experiment)
    name = f"{job.name}: {submission.reason}" if submission.reason else job.name
    record["run"] = tracking.open(name, _tags(job, record))
    try:
        runs.write(record)
        tracking.log_parameters(record["run"], record["parameters"])
        reads.keep(assets, record["data"], project, data, submission.about, f"read by run {record['run'][:8]}")
        runs.write(record)
        if versions := [entry["version"] for entry in record["data"].values() if entry["version"]]:
            tracking.tag(record["run"], "mlops.data", ", ".join(versions))
    except BaseException:
        files.remove(runs.folder(record["run"]))
        tracking.close(record["run"], "failed")
        raise
    return Bench(
        job=job,
        record=record,
        since=since,
        fresh=submission.fresh,
        state=state,
        root=state,
        runs=runs,
        index=index,
        cache=Cache(state, index),
        tracking=tracking,
        processes=Processes(),
        environment=record["environment"]["digest"],
        snapshots=snapshots,
        assets={Path(entry["path"]): entry["digest"] for entry in record["data"].values()},
    )


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
