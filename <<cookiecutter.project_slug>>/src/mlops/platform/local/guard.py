"""One command and all that it starts: as a program, runs the command it is asked for, to its end or that of its input.

The runner keeps the only other end of that input, so the kernel closes it however the runner dies.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 5.0
MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss, which is bytes on macOS and KiB on Linux


def main() -> None:
    """Read one line with `command`, `directory`, `variables`, `mark` and `timeout`; answer how the command ended."""
    asked = json.loads(sys.stdin.readline())
    started, late = time.monotonic(), threading.Event()
    process = subprocess.Popen(
        ["bash", "-c", asked["command"]],
        stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd=asked["directory"], env=asked["variables"],
        start_new_session=True,
    )  # fmt: skip

    def watch() -> None:
        if not select.select([sys.stdin], [], [], asked["timeout"])[0]:
            late.set()
        end(asked["mark"], process.pid, GRACE_SECONDS)

    threading.Thread(target=watch, daemon=True).start()
    _, status, used = os.wait4(process.pid, 0)
    end(asked["mark"], process.pid)
    wall, cpu = time.monotonic() - started, used.ru_utime + used.ru_stime
    measured = {"wall_seconds": wall, "cpu_seconds": cpu, "peak_memory_mb": used.ru_maxrss / MEGABYTE}
    print(json.dumps({"code": os.waitstatus_to_exitcode(status), "timed_out": late.is_set(), "used": measured}))


def end(mark: str, session: int | None = None, grace: float = 0.0) -> None:
    """Ask the processes of a session to stop, and kill those that are left after `grace` seconds.

    `mark` is a variable that all of them carry (`NAME=VALUE`) and that also finds those that left the session; only
    Linux shows it.
    """
    if grace:
        _signal(mark, session, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and any(True for _ in _members(mark, session)):
            time.sleep(0.02)
    for _ in range(100):
        if not _signal(mark, session, signal.SIGKILL):
            return
        time.sleep(0.01)


def _signal(mark: str, session: int | None, number: int) -> bool:
    found = list(_members(mark, session))
    for process in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
    return bool(found)


def _members(mark: str, session: int | None) -> Iterator[int]:
    for process, its_session in _linux() if Path("/proc/self").is_dir() else _others():
        if its_session == session or _carries(process, mark.encode()):
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


def _carries(process: int, mark: bytes) -> bool:
    with suppress(OSError):
        return mark in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return False


if __name__ == "__main__":
    main()
