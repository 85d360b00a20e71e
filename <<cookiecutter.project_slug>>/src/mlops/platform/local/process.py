"""Nodes as real processes, each below a guard that ends it with this one, so that none is ever left behind."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.errors import Failure
from mlops.platform.local import guard


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal), and what it used together with its children.

    `used` has `wall_seconds`, `cpu_seconds` and `peak_memory_mb`, which is that of the largest single process.
    """

    code: int
    timed_out: bool = False
    used: dict[str, float] = field(default_factory=dict)


def together(records: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """What several nodes used, from their records: of `peak_memory_mb` the largest."""
    known = [record for record in records if "cpu_seconds" in record]
    cpu, peaks = sum(record["cpu_seconds"] for record in known), [record["peak_memory_mb"] for record in known]
    return {"cpu_seconds": cpu, "peak_memory_mb": max(peaks, default=0.0)}


class Processes:
    """The processes of one run. Use as a context: at its end, and when this process dies, none is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guards: set[subprocess.Popen[str]] = set()
        self.stopped = False

    def __enter__(self) -> "Processes":
        if shutil.which("bash") is None:
            raise Failure("bash is not on the PATH, and the commands of jobs need it. Install it, then repeat.")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every guard end its process, and none start any more."""
        with self._lock:
            self.stopped = True
            for each in self._guards:
                _hang_up(each)

    def run(
        self, command: str, directory: Path, variables: Mapping[str, str], log: Path, mark: str, timeout: float | None
    ) -> Ended | None:
        """Run a bash command to its end, in a session of its own; None when the run was stopped before it could start.

        `mark` is a text that only this command's processes carry, in a variable. Output of both kinds goes to `log`.
        """
        asked = {"command": command, "directory": str(directory), "timeout": timeout, "mark": mark}
        line = json.dumps(asked | {"variables": dict(variables) | {guard.MARK: mark}}) + "\n"
        program = [sys.executable, "-I", guard.__file__]
        with log.open("ab") as output, self._lock:
            if self.stopped:
                return None
            own = subprocess.Popen(
                program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True, start_new_session=True
            )
            self._guards.add(own)
            assert own.stdin and own.stdout
            with suppress(BrokenPipeError):
                own.stdin.write(line)
                own.stdin.flush()
        with own.stdout:
            answer = own.stdout.read()
        code = own.wait()
        with self._lock:
            self._guards.remove(own)
            _hang_up(own)
        if not answer:  # the guard was killed
            guard.end(mark)
            return Ended(code)
        return Ended(**json.loads(answer))


def _hang_up(own: "subprocess.Popen[str]") -> None:
    assert own.stdin
    with suppress(BrokenPipeError):
        own.stdin.close()
