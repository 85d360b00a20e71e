"""Opening a run: what the project holds is frozen or digested, and the record begun."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops import files
from mlops.errors import Misuse
from mlops.platform.base import Submission
from mlops.platform.local import code, environment, snapshot
from mlops.platform.local.bench import Bench, Frozen
from mlops.platform.local.cache import Cache
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Record, Runs
from mlops.platform.local.tracking import Tracking
from mlops.specs.types import Asset, Job, Literal


@dataclass(frozen=True)
class Opened:
    """A run that is recorded and not yet driven; all that it reads from the project is frozen or digested."""

    job: Job
    record: Record
    bench: Bench
    since: float


def open(submission: Submission, project: Path, state: Path, runs: Runs, tracking: Tracking) -> Opened:
    """Raises Misuse for an input that cannot be read, Failure and OSError for what cannot be written."""
    job, since = submission.job, time.monotonic()
    files.remove(state / "work")
    captured = code.capture(project, state)
    sources = list(dict.fromkeys(node.source for node in job.nodes))
    frozen = state / "work" / "frozen"
    snapshots = {
        source: snapshot.take(source, frozen / str(number)) if any(source) else snapshot.EMPTY
        for number, source in enumerate(sources)
    }
    index, assets = Index(state), _assets(job)
    digests = {value.path: _digest(name, value, index) for name, value in assets.items()}
    index.save()
    around = environment.describe(project)
    record: Record = {
        "name": job.name,
        "file": str(job.file),
        "experiment": job.experiment,
        "reason": submission.reason,
        "fresh": submission.fresh,
        "state": "running",
        "started": datetime.now(UTC).isoformat(),
        "code": captured,
        "environment": around,
        "parameters": {name: value.text for name, value in job.inputs.items() if isinstance(value, Literal)},
        "data": {
            name: {"source": value.source, "path": str(value.path), "digest": digests[value.path]}
            for name, value in assets.items()
        },
        "outputs": {name: f"{value.node}.{value.output}" for name, value in job.outputs.items()},
        "nodes": {},
    }
    experiment = tracking.experiment(job.experiment)
    record["run"] = tracking.open(experiment, job.name, _tags(job, record))
    tracking.log_parameters(record["run"], record["parameters"])
    runs.write(record)
    bench = Bench(
        run=record["run"],
        experiment=experiment,
        fresh=submission.fresh,
        state=state,
        root=state,
        runs=runs,
        index=index,
        cache=Cache(state, index),
        tracking=tracking,
        processes=Processes(),
        frozen=Frozen(around["digest"], snapshots, digests),
    )
    return Opened(job, record, bench, since)


def _assets(job: Job) -> dict[str, Asset]:
    """What goes into a job by the name of its input; what only a node names is called `NODE.INPUT`."""
    found = {name: value for name, value in job.inputs.items() if isinstance(value, Asset)}
    paths = {value.path for value in found.values()}
    for node in job.nodes:
        own = {f"{node.name}.{name}": value for name, value in node.inputs.items() if isinstance(value, Asset)}
        found |= {name: value for name, value in own.items() if value.path not in paths}
    return found


def _digest(name: str, asset: Asset, index: Index) -> str:
    try:
        return index.of_path(asset.path)
    except OSError as error:
        raise Misuse(f"input '{name}' cannot be read: {files.reason(error)}. It is {asset.source}.") from error


def _tags(job: Job, record: Record) -> dict[str, str]:
    captured = record["code"]
    tags = {
        "mlops.kind": "job",
        "mlops.file": record["file"],
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
