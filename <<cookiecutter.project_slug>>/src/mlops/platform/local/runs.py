"""The folder of each run: its record, the logs and the outputs of its nodes."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Misuse

Record = dict[str, Any]


class Runs:
    """`.mlops/runs/RUN/` with `run.json`, `logs/NODE.txt` and `outputs/NODE/`."""

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
        known = {path.parent.name: path for path in self._folder.glob("*/run.json")}
        if not known:
            raise Misuse("there is no run yet. Start one with: mlops run azureml/pipelines/train.yml")
        if reference == "last":
            return max(self._sound(), key=lambda record: record["started"], default={"run": min(known)})["run"]
        found = sorted(run for run in known if reference and run.startswith(reference))
        if len(found) != 1:
            those = f"fits {len(found)} runs ({', '.join(run[:12] for run in found)})" if found else "names no run"
            raise Misuse(f"'{reference}' {those}. Use `last`, or more of a run's id: the folders in {self._folder}.")
        return found[0]

    def unfinished(self) -> Iterator[Record]:
        """Records of runs whose process died before it could write how they ended."""
        return (record for record in self._sound() if record["state"] == "running")

    def _sound(self) -> Iterator[Record]:
        """Records that can be read: a damaged one stops no other run."""
        for path in self._folder.glob("*/run.json"):
            with suppress(Misuse):
                yield self.read(path.parent.name)
