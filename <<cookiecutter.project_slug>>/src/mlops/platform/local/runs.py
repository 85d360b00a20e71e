"""The folder of each run: its record, the notes on it, the logs and the outputs of its nodes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Misuse
from mlops.platform.base import Submission
from mlops.platform.local import code
from mlops.platform.local.lock import locked
from mlops.platform.runs import chosen
from mlops.specs.types import Literal

Record = dict[str, Any]


def begun(submission: Submission, project: Path) -> Record:
    """What the record of a run says as it begins; its code is kept below `.mlops/`."""
    job = submission.job
    return {
        "name": job.name,
        "file": str(job.file),
        "experiment": job.experiment,
        "reason": submission.reason,
        "fresh": submission.fresh,
        "started": datetime.now(UTC).isoformat(),
        "code": code.capture(project, project / ".mlops"),
        "parameters": {name: value.text for name, value in job.inputs.items() if isinstance(value, Literal)},
        "outputs": {name: f"{value.node}.{value.output}" for name, value in job.outputs.items()},
    }


class Runs:
    """`.mlops/runs/RUN/` with `run.json`, `notes.json`, `logs/NODE.txt` and `outputs/NODE/`."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "runs"

    def folder(self, run: str) -> Path:
        return self._folder / run

    def log(self, run: str, node: str) -> Path:
        return self.folder(run) / "logs" / f"{node}.txt"

    def outputs(self, run: str, node: str) -> Path:
        return self.folder(run) / "outputs" / node

    def write(self, record: Record) -> None:
        files.write_json(self.folder(record["run"]) / "run.json", record)

    def read(self, run: str) -> Record:
        """Raises Misuse when the record is missing or damaged."""
        record = files.read_json(file := self.folder(run) / "run.json")
        if not isinstance(record, dict) or not {"run", "state", "started", "nodes"} <= record.keys():
            raise Misuse("is no record of a run. Remove its folder: the other runs do not need it.", file)
        return record

    def find(self, reference: str) -> str:
        """The id that an unambiguous prefix, or `last`, names."""
        known, sound = (path.parent.name for path in self._folder.glob("*/run.json")), self.list()[0][::-1]
        runs = [record["run"] for record in sound]
        return chosen(reference, [*sorted({*known} - {*runs}), *runs], "mlops run azureml/pipelines/train.yml")

    def list(self) -> tuple[tuple[Record, ...], tuple[str, ...]]:
        """Records, newest first, and a sentence for each that cannot be read: a damaged one stops no other run."""
        sound, damaged = [], []
        for path in sorted(self._folder.glob("*/run.json")):
            try:
                sound.append(self.read(path.parent.name))
            except Misuse as error:
                damaged.append(str(error))
        return tuple(sorted(sound, key=lambda record: record["started"], reverse=True)), tuple(damaged)

    def notes(self, run: str) -> tuple[Record, ...]:
        """`when` (UTC) and `text` of each note, oldest first."""
        file = self.folder(run) / "notes.json"
        return tuple(files.read_json(file)) if file.exists() else ()

    def note(self, run: str, text: str) -> None:
        with locked(self.folder(run) / "notes.lock"):
            notes = *self.notes(run), {"when": datetime.now(UTC).isoformat(timespec="seconds"), "text": text}
            files.write_json(self.folder(run) / "notes.json", notes)
