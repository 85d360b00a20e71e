"""The folder of each run: its record, the logs and the outputs of its nodes."""

import os
from collections.abc import Iterator
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
        return files.read_json(self.folder(run) / "run.json")

    def find(self, reference: str) -> str:
        """The id that an unambiguous prefix, or `last`, names."""
        known = [path.parent.name for path in self._folder.glob("*/run.json")]
        if not known:
            raise Misuse("there is no run yet. Start one with: mlops run azureml/pipelines/train.yml")
        if reference == "last":
            return max(known, key=lambda run: self.read(run)["started"])
        found = sorted(run for run in known if reference and run.startswith(reference))
        if len(found) != 1:
            those = f"fits {len(found)} runs ({', '.join(run[:12] for run in found)})" if found else "names no run"
            raise Misuse(f"'{reference}' {those}. Use `last`, or more of a run's id: the folders in {self._folder}.")
        return found[0]

    def unfinished(self) -> Iterator[Record]:
        """Records of runs whose process died before it could write how they ended."""
        for path in self._folder.glob("*/run.json"):
            if (record := files.read_json(path))["state"] == "running":
                yield record

    def share(self, run: str, node: str, original: Path) -> None:
        """Show the outputs of an earlier run among those of this one."""
        place = self.outputs(run, node)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(original, place.parent))
