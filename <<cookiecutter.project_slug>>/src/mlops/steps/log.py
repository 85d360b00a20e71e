"""The log of a step's MLflow run, kept by a child process: MLflow takes seconds to import, in which the step works."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mlops.errors import Failure


class Log:
    """Metrics, tags and files for the run that `MLFLOW_RUN_ID` names; without one (a step by hand) none are kept."""

    def __init__(self, keeper: IO[str] | None = None) -> None:
        self._keeper = keeper

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """A value that is not known is left out."""
        for name, value in values.items():
            if value is not None:
                self._send("log_metric", name, float(value))

    def tag(self, name: str, value: str) -> None:
        self._send("set_tag", name, value)

    def file(self, path: Path) -> None:
        self._send("log_artifact", str(path.resolve()))

    def _send(self, method: str, *arguments: str | float) -> None:
        with suppress(BrokenPipeError):  # the keeper's exit status says so at the end
            if self._keeper is not None:
                print(json.dumps([method, *arguments]), file=self._keeper)


@contextmanager
def opened() -> Iterator[Log]:
    """The log of a step. Raises Failure when the step ended well and its log could not be written."""
    if "MLFLOW_RUN_ID" not in os.environ:
        yield Log()
        return
    keeper = subprocess.Popen([sys.executable, "-m", "mlops.steps.log"], stdin=subprocess.PIPE, text=True)
    try:
        yield Log(keeper.stdin)
    finally:
        keeper.communicate()  # closes its input, and waits
    if keeper.returncode:
        raise Failure("the run's log could not be written; the lines above say why.")


def keep() -> None:
    """Write to the run what arrives on standard input: a method of MLflow's client and its arguments, a line each."""
    from mlflow import MlflowClient

    client, run = MlflowClient(), os.environ["MLFLOW_RUN_ID"]
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        getattr(client, method)(run, *arguments)


if __name__ == "__main__":
    keep()
