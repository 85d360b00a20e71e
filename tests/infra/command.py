"""One command of the engine's CLI, under way and when it is over: what its user reads, and a kill in the middle."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.emulator.pulumi.provider import Front
from tests.emulator.store import Document

PATIENCE = 300  # seconds for one command


@dataclass(frozen=True)
class Run:
    """One command, as its user sees it: exit code, text, and the engine's events."""

    code: int
    text: str
    events: list[Document] = field(repr=False)

    @property
    def changes(self) -> dict[str, int]:
        """Numbers of resources by operation, the unchanged left out; the stack and components count too."""
        found = [event["summaryEvent"]["resourceChanges"] for event in self.events if "summaryEvent" in event]
        return {what: number for what, number in found[-1].items() if what != "same"} if found else {}

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """Operation, type and name of each step that changes something."""
        steps = [event["resourcePreEvent"]["metadata"] for event in self.events if "resourcePreEvent" in event]
        return [(step["op"], step["type"], step["urn"].split("::")[-1]) for step in steps if step["op"] != "same"]

    @property
    def violations(self) -> list[Document]:
        return [event["policyEvent"] for event in self.events if "policyEvent" in event]

    def ok(self) -> "Run":
        assert self.code == 0, self.text
        return self


class Command:
    """A command under way."""

    def __init__(self, arguments: list[str], folder: Path, env: Mapping[str, str], log: Path, front: Front) -> None:
        self._log, self._text = log, log.with_suffix(".text")
        self._front, self._writes, self._lock = front, 0, threading.Lock()
        with self._text.open("w") as text:
            self.process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=text,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, how: signal.Signals, after: int = 1, at: str = "") -> "Command":
        """Send a signal at the n-th write to an id with `at` in it: Azure has it, the engine has no answer yet."""

        def written(verb: str, id: str) -> None:
            with self._lock:
                self._writes += at in id
                if self._writes == after and at in id:
                    self.process.send_signal(how)
                    if how == signal.SIGKILL:
                        self.process.wait()

        self._front.written = written
        return self

    def is_writing(self) -> None:
        """Wait for its first write, which `faults.slow` makes long enough to meet."""
        while not self._front.asked and self.process.poll() is None:
            time.sleep(0.02)

    def left_behind(self) -> list[str]:
        """What still runs of this command. It may take a moment to end."""
        for _ in range(100):
            sessions = subprocess.run(["ps", "-e", "-o", "sid=,args="], capture_output=True, encoding="utf-8").stdout
            mine = [line for line in sessions.splitlines() if line.split()[0] == str(self.process.pid)]
            if not mine:
                break
            time.sleep(0.05)
        return mine

    def wait(self) -> Run:
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self._front.written = lambda verb, id: None
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return Run(code, self._text.read_text(), list(_events(lines)))


def _events(lines: list[str]) -> Iterator[Document]:
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return  # a killed engine leaves half a line
