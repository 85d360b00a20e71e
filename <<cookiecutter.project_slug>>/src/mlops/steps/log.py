"""The log of a step's MLflow run, kept by a child process: MLflow takes seconds to import, in which the step works."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mlops.errors import Failure


class Log:
    """Metrics, tags and files for the run that `MLFLOW_RUN_ID` names; without one (a step by hand) none are kept."""

    def __init__(self) -> None:
        self.keeper: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if "MLFLOW_RUN_ID" in os.environ:
            command = [sys.executable, "-m", "mlops.steps.log"]
            self.keeper = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.keeper is None:
            return
        with suppress(BrokenPipeError):
            if self.keeper.stdin is not None:
                self.keeper.stdin.close()
        if self.keeper.wait() != 0 and error is None:
            raise Failure("the run's log could not be written; the lines above say why.")

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """A value that is not known is left out."""
        self._send({"metrics": {name: float(value) for name, value in values.items() if value is not None}})

    def tag(self, name: str, value: str) -> None:
        self._send({"tags": {name: value}})

    def file(self, path: Path) -> None:
        self._send({"file": str(path.resolve())})

    def _send(self, entry: Mapping[str, Any]) -> None:
        if self.keeper is not None and self.keeper.stdin is not None:
            with suppress(BrokenPipeError):  # its exit status says so at the end
                print(json.dumps(entry), file=self.keeper.stdin)


def keep() -> None:
    """Write the entries that arrive on standard input, a JSON object a line, to the run."""
    from mlflow import MlflowClient

    client, run = MlflowClient(), os.environ["MLFLOW_RUN_ID"]
    for line in sys.stdin:
        entry = json.loads(line)
        for name, value in entry.get("metrics", {}).items():
            client.log_metric(run, name, value)
        for name, value in entry.get("tags", {}).items():
            client.set_tag(run, name, value)
        if "file" in entry:
            client.log_artifact(run, entry["file"])


if __name__ == "__main__":
    keep()
