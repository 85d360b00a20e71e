"""The log of a step's run in MLflow, which takes seconds to import: a runner that has it logs for the step."""

import io
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlops.errors import Failure

if TYPE_CHECKING:
    from mlflow import MlflowClient

HELD = "MLOPS_LOG"
"""The variable that names the file where a runner on this machine finds what to log."""


class Log:
    """Metrics, tags and files for the run that `MLFLOW_RUN_ID` names; without one (a step by hand) none are kept."""

    def __init__(self, lines: IO[str] | None = None) -> None:
        self._lines = lines

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """A value that is not known is left out."""
        for name, value in values.items():
            if value is not None:
                self._send("log_metric", name, float(value), int(time.time() * 1000))

    def tag(self, name: str, value: str) -> None:
        self._send("set_tag", name, value)

    def file(self, path: Path) -> None:
        self._send("log_artifact", str(path.resolve()))

    def _send(self, method: str, *arguments: str | float) -> None:
        if self._lines is not None:
            print(json.dumps([method, *arguments]), file=self._lines, flush=True)


@contextmanager
def opened() -> Iterator[Log]:
    """The log of a step, kept also when the step fails. Raises Failure when only the log could not be written."""
    if not (run := os.environ.get("MLFLOW_RUN_ID")):
        yield Log()
    elif held := os.environ.get(HELD):
        with open(held, "a", encoding="utf-8") as lines:
            yield Log(lines)
    else:
        lines = io.StringIO()
        try:
            yield Log(lines)
        except BaseException:
            with suppress(Failure):  # what went wrong is said, and not that its log was lost too
                _send(lines.getvalue(), run)
            raise
        _send(lines.getvalue(), run)


def _send(said: str, run: str) -> None:
    try:
        from mlflow import MlflowClient

        keep(said.splitlines(), MlflowClient(), run)
    except Exception as error:
        raise Failure(f"the run's log could not be written: {error}") from error


def keep(lines: Iterable[str], client: "MlflowClient", run: str) -> None:
    """Log to a run what a step said: in each line a method of MLflow's client and its arguments."""
    for line in lines:
        method, *arguments = json.loads(line)
        getattr(client, method)(run, *arguments)
