"""Commands that the acceptance run types, in the project's folder: how they ended, and how long each took."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from record import HERE

from mlops import files
from mlops.errors import Failure, Misuse

PROJECT = HERE.parent
RECORD = PROJECT / ".mlops" / "azure-check.json"
SAID = RECORD.with_suffix(".log")
PYTHON, MLOPS = PROJECT / ".venv" / "bin" / "python", PROJECT / ".venv" / "bin" / "mlops"
Command = Sequence[str | Path]
PATIENCE = {signal.SIGINT: 600.0, signal.SIGTERM: 60.0}
"""What a command is told when it has to end, and the seconds that it then has. After them it is killed."""


class Steps:
    """What was done until now, kept with some `facts` in a file after each step. `until` is when time is up."""

    def __init__(self, facts: dict[str, Any], until: float) -> None:
        self.facts, self.until, self.done = facts, until, list[dict[str, Any]]()

    @property
    def record(self) -> dict[str, Any]:
        return {**self.facts, "steps": self.done}

    def do(self, step: str, *command: str | Path) -> None:
        """Raises Failure when it fails."""
        say(f"\n{step}: {typed(command)}")
        began = time.monotonic()
        status, _ = run(command, self.until)
        self.keep(step, typed(command), began, status)
        if status:
            raise Failure(f"{step} ended with {status}: {typed(command)}")

    def keep(self, step: str, what: str, began: float, status: int) -> None:
        seconds = round(time.monotonic() - began, 1)
        self.done.append({"step": step, "command": what, "seconds": seconds, "status": status})
        files.write_json(RECORD, self.record)


def typed(command: Command) -> str:
    return " ".join(str(each).removeprefix(f"{PROJECT}/") for each in command)


def run(command: Command, until: float, *, kept: bool = False) -> tuple[int, str]:
    """The exit status of a command, and what it printed if that is `kept`.

    It has a session of its own: on Ctrl-C it is told once, and ends in order, since it may hold a lock. Raises Failure
    when it has not ended by `until`.
    """
    out = subprocess.PIPE if kept else None
    with subprocess.Popen(command, cwd=PROJECT, stdout=out, encoding="utf-8", start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=max(0.0, until - time.monotonic()))
        except BaseException as error:
            end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failure(f"the time for it was over during: {typed(command)}") from None
            raise
    return process.returncode, said or ""


def end(process: subprocess.Popen[str]) -> None:
    """Let it end in order, or kill it, each time with what it started."""
    for number, seconds in PATIENCE.items():
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.communicate(timeout=seconds)
            return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def say(what: str) -> None:
    """Where nobody reads any more, such as in a closed terminal, into a file, like all that commands then say."""
    try:
        print(what, flush=True)
    except OSError:
        SAID.parent.mkdir(exist_ok=True)
        with SAID.open("a") as file:
            for each in (1, 2):
                os.dup2(file.fileno(), each)


def said_by(*command: str) -> str:
    """What a command printed. Raises Misuse, in its words, when it fails."""
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise Misuse(f"`{typed(command)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()
