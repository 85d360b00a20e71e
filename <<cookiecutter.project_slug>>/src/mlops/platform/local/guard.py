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
from contextlib import suppress

import psutil

MARK = "MLOPS_NODE"
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

    `mark` is the value of a variable that all of them carry, and that also finds those that left the session.
    """
    if grace:
        _signal(mark, session, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and _members(mark, session):
            time.sleep(0.05)
    for _ in range(100):
        if not _signal(mark, session, signal.SIGKILL):
            return
        time.sleep(0.01)


def _signal(mark: str, session: int | None, number: int) -> bool:
    found = _members(mark, session)
    for process in found:
        with suppress(psutil.Error):
            process.send_signal(number)
    return bool(found)


def _members(mark: str, session: int | None) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            ours = os.getsid(process.pid) == session or process.environ().get(MARK) == mark
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


if __name__ == "__main__":
    main()
