"""Ending every process of a session. Run as a program, it ends the sessions it was told of when its input closes.

The runner keeps the only write end of that pipe, so the kernel closes it however the runner dies.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

Session = tuple[int, str]
"""The id of a session and a mark that its processes carry in their environment (`NAME=VALUE`).

The mark finds processes that left the session; only Linux shows it.
"""


def end(sessions: Collection[Session], grace: float = 0.0) -> None:
    """Ask the processes of sessions to stop, and kill those that are left after `grace` seconds."""
    if grace:
        _signal(sessions, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and any(True for _ in _members(sessions)):
            time.sleep(0.02)
    for _ in range(100):
        if not _signal(sessions, signal.SIGKILL):
            return
        time.sleep(0.01)


def _signal(sessions: Collection[Session], number: int) -> bool:
    found = list(_members(sessions))
    for process in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
    return bool(found)


def _members(sessions: Collection[Session]) -> Iterator[int]:
    ids, marks = {number for number, _ in sessions}, [mark.encode() for _, mark in sessions]
    for process, session in _linux() if Path("/proc/self").is_dir() else _others():
        if process != os.getpid() and (session in ids or _carries(process, marks)):
            yield process


def _linux() -> Iterator[tuple[int, int]]:
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                state, _parent, _group, session, *_ = (place / "stat").read_text().rpartition(")")[2].split()
                if state not in "ZX":
                    yield int(place.name), int(session)


def _others() -> Iterator[tuple[int, int]]:
    listing = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True).stdout
    for line in listing.splitlines():
        name, state = line.split()[:2]
        with suppress(OSError):
            if not state.startswith("Z"):
                yield int(name), os.getsid(int(name))


def _carries(process: int, marks: Collection[bytes]) -> bool:
    with suppress(OSError):
        variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        return any(mark in variables for mark in marks)
    return False


def watch() -> None:
    """Read `+ SESSION MARK` and `- SESSION MARK` lines; at the end of the input end what is still there."""
    sessions: set[Session] = set()
    for line in sys.stdin:
        change, number, mark = line.split()
        (sessions.add if change == "+" else sessions.discard)((int(number), mark))
    end(sessions)


if __name__ == "__main__":
    watch()
