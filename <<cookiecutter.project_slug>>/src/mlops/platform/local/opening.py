"""Opening a run: what the project holds is frozen or digested, and the record begun."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Misuse
from mlops.platform.base import Submission
from mlops.platform.local import code, environment, snapshot
from mlops.platform.local.bench import Bench
from mlops.platform.local.cache import Cache
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Record, Runs
from mlops.platform.local.tracking import Tracking
from mlops.specs.types import Asset, Job, Literal


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
    index = Index(state)
    record["data"] = {name: _digested(name, asset, index) for name, asset in _assets(job).items()}
    index.save()
    tracking.use(job.experiment)
    record["run"] = tracking.open(job.name, _tags(job, record))
    tracking.log_parameters(record["run"], record["parameters"])
    runs.write(record)
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


def _assets(job: Job) -> dict[str, Asset]:
    """What goes into a job by the name of its input; what only a node names is called `NODE.INPUT`."""
    found = {name: value for name, value in job.inputs.items() if isinstance(value, Asset)}
    paths = {value.path for value in found.values()}
    for node in job.nodes:
        own = {f"{node.name}.{name}": value for name, value in node.inputs.items() if isinstance(value, Asset)}
        found |= {name: value for name, value in own.items() if value.path not in paths}
    return found


def _digested(name: str, asset: Asset, index: Index) -> dict[str, Any]:
    try:
        return {"source": asset.source, "path": str(asset.path), "digest": index.of_path(asset.path)}
    except OSError as error:
        raise Misuse(f"input '{name}' cannot be read: {files.reason(error)}. It is {asset.source}.") from error


def _tags(job: Job, record: Record) -> dict[str, str]:
    captured = record["code"]
    tags = {
        "mlops.reason": record["reason"],
        "mlops.code": captured["digest"],
        "mlops.dirty": str(captured["dirty"]).lower(),
        "mlops.environment": record["environment"]["digest"],
        "mlflow.note.content": record["reason"] or job.description,
        "mlflow.source.name": record["file"],
        "mlflow.source.git.commit": captured["commit"] or "",
    }
    data = {f"mlops.data.{name}": entry["digest"] for name, entry in record["data"].items()}
    return {name: text for name, text in (dict(job.tags) | tags | data).items() if text}
