"""Nodes as real processes: started, measured, timed out and ended, and never left behind."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import Failure
from mlops.platform.local import sessions

GRACE_SECONDS = 5.0
MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss, which is bytes on macOS and KiB on Linux
WAIT_FOR_GO = 'read -r _ && exec bash -c "$0" </dev/null'


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal), and what it used together with its children.

    `used` has `wall_seconds`, `cpu_seconds` and `peak_memory_mb`, which is that of the largest single process.
    """

    code: int
    timed_out: bool
    used: dict[str, float]


class Processes:
    """The processes of one run. Use as a context: at its end, and when this process dies, none is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[sessions.Session] = set()
        self.stopped = False

    def __enter__(self) -> "Processes":
        if shutil.which("bash") is None:
            raise Failure("bash is not on the PATH, and the commands of jobs need it. Install it, then repeat.")
        program = [sys.executable, "-I", "-S", sessions.__file__]
        self._watchdog = subprocess.Popen(program, stdin=subprocess.PIPE, text=True, start_new_session=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        assert self._watchdog.stdin
        with suppress(BrokenPipeError):
            self._watchdog.stdin.close()
        self._watchdog.wait()

    def stop(self) -> None:
        """End every process, and let none start any more."""
        with self._lock:
            self.stopped = True
            running = set(self._running)
        if running:
            sessions.end(running, GRACE_SECONDS)

    def run(
        self, command: str, directory: Path, variables: Mapping[str, str], log: Path, mark: str, timeout: float | None
    ) -> Ended | None:
        """Run a bash command to its end, in a session of its own; None when the run was stopped before it could start.

        `mark` names a variable that only this command's processes carry. Output of both kinds goes to `log`.
        """
        with log.open("ab") as output:
            started = time.monotonic()
            with self._lock:
                if self.stopped:
                    return None
                process = subprocess.Popen(
                    ["bash", "-c", WAIT_FOR_GO, command],
                    stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=directory, env=dict(variables),
                    start_new_session=True,
                )  # fmt: skip
                session = (process.pid, f"{mark}={variables[mark]}")
                self._running.add(session)
                self._tell("+", session)
        assert process.stdin
        with suppress(BrokenPipeError), process.stdin as go:
            go.write(b"go\n")
        late = threading.Event()
        timer = threading.Timer(timeout or 0.0, self._time_out, (session, late))
        if timeout:
            timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        sessions.end([session])
        with self._lock:
            self._running.discard(session)
            if not self.stopped:
                self._tell("-", session)
        wall, cpu = time.monotonic() - started, used.ru_utime + used.ru_stime
        measured = {"wall_seconds": wall, "cpu_seconds": cpu, "peak_memory_mb": used.ru_maxrss / MEGABYTE}
        return Ended(process.returncode, late.is_set(), measured)

    def _time_out(self, session: sessions.Session, late: threading.Event) -> None:
        late.set()
        sessions.end([session], GRACE_SECONDS)

    def _tell(self, change: str, session: sessions.Session) -> None:
        assert self._watchdog.stdin
        self._watchdog.stdin.write(f"{change} {session[0]} {session[1]}\n")
        self._watchdog.stdin.flush()
