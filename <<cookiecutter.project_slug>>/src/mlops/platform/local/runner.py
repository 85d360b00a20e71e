"""Drives the nodes of a run: each starts when its inputs are there, independent ones side by side."""

import os
import queue
import shlex
import signal
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mlops.platform.base import Event
from mlops.platform.local.bench import Bench, Outcome
from mlops.platform.local.cache import Made
from mlops.platform.local.node import execute

CANCELLED = 130
INTERRUPT = None
"""The message that a person or the system asked this process to end."""


def drive(bench: Bench) -> Generator[Event, None, int]:
    """Start nodes until none runs and none can start: yields what happens, returns the exit status.

    After a failure nothing new starts, unless the job continues on failure; what already runs goes on to its end,
    so that a repeat can use it.
    """
    messages: queue.SimpleQueue[Event | Future[Outcome] | None] = queue.SimpleQueue()
    waiting = {node.name: node for node in bench.job.nodes}
    made: dict[str, Made] = {}
    running = status = 0
    with (
        _on_signals(lambda: messages.put(INTERRUPT)),
        _plain_name(bench.state) as bench.root,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
        bench.processes,
    ):
        while True:
            if status == 0 or (bench.job.continue_on_step_failure and status != CANCELLED):
                for node in [node for node in waiting.values() if node.needs <= made.keys()]:
                    del waiting[node.name]
                    running += 1
                    pool.submit(execute, bench, node, dict(made), messages.put).add_done_callback(messages.put)
            if not running:
                break
            match messages.get():
                case None:
                    status = CANCELLED
                    bench.processes.stop()
                case Event() as event:
                    yield event
                case ended:
                    outcome = ended.result()
                    running -= 1
                    status = max(status, outcome.status)
                    if outcome.node and outcome.made:
                        made[outcome.node] = outcome.made
                    bench.note(outcome)
                    yield outcome
    why = "the run was cancelled" if status == CANCELLED else "a node before it did not end well"
    for name in waiting:
        skipped = Outcome(bench.run, name, "skipped", detail=why)
        bench.note(skipped)
        yield skipped
    return status


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C, `kill` and a closed terminal be one message; a signal that is ignored (nohup) stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, lambda *_: act())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _plain_name(folder: Path) -> Iterator[Path]:
    """A name of a folder that a shell takes unquoted, since nothing in a command is quoted for it."""
    if shlex.quote(str(folder)) == str(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mlops-") as place:
        link = Path(place) / "state"
        link.symlink_to(folder)
        yield link
