"""What a job in Azure ML is made from, kept where all who read the workspace find it."""

import json
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from mlops import digest, files, uploads
from mlops.errors import Misuse
from mlops.platform.azure.blobs import Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said
from mlops.platform.base import Submission
from mlops.platform.local import cache, reads
from mlops.platform.local.runs import begun
from mlops.specs.types import Asset, FromNode, Job, Literal, Node

Record = dict[str, Any]
PREFIX, KEPT = "mlops-", "mlops.record"
"""What the names of our jobs begin with, and the tag of one that Azure ML submitted by itself: where its record is."""
RUNS, CODE = "mlops/runs/", "mlops/code/"
THERE = "${project}"
"""The folder of the project, which is another one in each clone."""


class Records:
    """Blobs: `mlops/runs/RUN/record.json`, `notes/` beside it, and in `mlops/code/DIGEST/` what no commit holds."""

    def __init__(self, azure: Azure, project: Path) -> None:
        self._azure, self._code, self._here = azure, project / ".mlops" / "code", json.dumps(str(project))[1:-1]

    @cached_property
    def _blobs(self) -> Blobs:
        return Blobs.of_workspace(self._azure)

    def write(self, record: Record) -> None:
        own = self._code / record["code"]["digest"]
        held = {name: (own / name, sha) for name, sha in digest.of_files(own).items()}
        self._blobs.send(f"{CODE}{own.name}/", held)
        self._blobs.write(_file(record["run"]), files.as_json(record).replace(self._here, THERE).encode())

    def read(self, run: str) -> Record:
        """With the paths as they are in this clone of the project. Raises Misuse when it is missing or damaged."""
        try:
            kept = self._blobs.read(_file(run)) or self._blobs.read(_file(self._kept(run))) or b""
            return json.loads(kept.decode().replace(THERE, self._here)) | {"run": run}
        except ValueError:
            what = f"{_file(run)} in {self._azure.environment} is missing or damaged"
            raise Misuse(f"{what}. The other runs do not need it.") from None

    def _kept(self, run: str) -> str:
        """Where the record of a job lies that a schedule submitted; of another one it is where it should be."""
        with said(self._azure.environment):
            return self._azure.ml.jobs.get(PREFIX + run).tags.get(KEPT, run)

    def note(self, run: str, text: str) -> None:
        now = datetime.now(UTC)
        note = {"when": now.isoformat(timespec="seconds"), "text": text}
        self._blobs.write(f"{RUNS}{run}/notes/{now:%Y%m%dT%H%M%S.%f}.json", files.as_json(note).encode())

    def notes(self, run: str) -> list[Any]:
        """Oldest first."""
        place = f"{RUNS}{run}/notes/"
        return [self._blobs.read_json(place + name) for name in sorted(self._blobs.seen(place))]

    def bring_code(self, digest: str) -> None:
        """Let what no commit holds lie where a local run would have kept it."""
        if not (place := self._code / digest).exists():
            with files.replacing(place) as draft:
                self._blobs.fetch(f"{CODE}{digest}/", draft)


def made(submission: Submission, on: str, project: Path, images: list[str], data: dict[str, Record]) -> Record:
    """What is known of a job before it is submitted. `images` name what its steps run in, `data` what it reads."""
    job, inputs = submission.job, _reads(submission.job, data)
    facts = {"python": "of its image", "machine": on, "lock": None, "images": images}
    return begun(submission, project) | {
        "environment": facts | {"digest": digest.of_value(facts)},
        "data": data,
        "types": {f"{node.name}.{name}": port.type for node in job.nodes for name, port in node.outputs.items()},
        "nodes": {node.name: {"state": "skipped", "seconds": 0.0, "inputs": inputs[node.name]} for node in job.nodes},
    }


def name(job: Job, record: Record) -> str:
    """16 digits of all that decides what a job writes: the same job again has the same ones."""
    digests = {entry["path"]: entry["digest"] for entry in record["data"].values()}

    def key(node: Node) -> str:
        read = {name: digests.get(source, source) for name, source in record["nodes"][node.name]["inputs"].items()}
        source, includes = node.source
        parts = filter(None, (source, *includes))
        sent = [uploads.context(path) if path.is_dir() else digest.of_file(path) for path in parts]
        return cache.key(node, digest.of_value(sent), read, record["environment"]["digest"])

    return digest.of_value([record["outputs"], {node.name: key(node) for node in job.nodes}])[:16]


def _reads(job: Job, data: dict[str, Record]) -> dict[str, dict[str, str]]:
    """What goes into each step by the name of its input: `NODE.OUTPUT`, or the path of data."""
    places = {asset.path: data[name]["path"] for name, asset in reads.of_job(job).items()}

    def source(value: Asset | FromNode) -> str:
        return f"{value.node}.{value.output}" if isinstance(value, FromNode) else places[value.path]

    def given(node: Node) -> dict[str, str]:
        return {name: source(value) for name, value in node.inputs.items() if not isinstance(value, Literal)}

    return {node.name: given(node) for node in job.nodes}


def _file(run: str) -> str:
    return f"{RUNS}{run}/record.json"
