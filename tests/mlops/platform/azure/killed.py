"""Commands that are killed at a request to the emulated Azure and typed again, and all that is there after that."""

import base64
import copy
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from tests.emulator.https.cloud import Call, Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.ids import Id
from tests.mlops.platform.azure import marked
from tests.support.project import TEMPLATE

MACHINERY = TEMPLATE / "<<cookiecutter.project_slug>>" / "src"
VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[0-9a-f]{32}\b"
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-][\d:]+)?|\b1\d{9}\.\d+|/tmp/[^\"']*"
)
"""Ids that are drawn, times, and places of this machine."""


def changes(call: Call) -> bool:
    """Whether Azure may hold something else after it. How often a lease is renewed, time decides."""
    return call.method in ("PUT", "POST", "PATCH", "DELETE") and "comp=lease" not in call.route


class Ended(NamedTuple):
    """`calls` are those that the process made, but for signing in."""

    status: int
    text: str
    calls: list[Call]

    @property
    def changes(self) -> list[Call]:
        return [call for call in self.calls if changes(call)]


class Typed:
    """Somebody who types `mlops` commands, each in a process of its own."""

    def __init__(self, cloud: Cloud, person: Principal, home: Path, variables: dict[str, str]) -> None:
        self._cloud, self._person, self._home, self._variables = cloud, person, home, variables

    def run(self, folder: Path, *arguments: str, kill_at: int = 0) -> Ended:
        """The command's end: its own, or a SIGKILL once Azure has done the n-th change that it was asked for."""
        (log := self._home / "log.txt").write_text("")
        variables = self._variables | self._cloud.environ(self._person, self._home)
        left, process, gone, before = [kill_at], Future[int](), threading.Event(), len(self._cloud.journal)

        def over(call: Call) -> None:
            left[0] -= bool(call.by) and "login." not in call.route and changes(call)
            if left[0] == 0 and kill_at and not gone.is_set():
                os.kill(process.result(60), signal.SIGKILL)
                gone.wait(60)

        self._cloud.done = over
        variables["PYTHONPATH"] = f"{folder / 'src'}:{MACHINERY}:{TEMPLATE}"
        command = [sys.executable, "-m", marked.__name__, *arguments]
        with (
            log.open("a") as out,
            subprocess.Popen(command, cwd=folder, env=variables, stdout=out, stderr=out) as typed,
        ):
            process.set_result(typed.pid)
        gone.set()
        self._cloud.done = lambda call: None
        calls = [call for call in self._cloud.calls(before) if call.by and "login." not in call.route]
        return Ended(typed.returncode, log.read_text(), calls)


@dataclass(frozen=True)
class Before:
    """What Azure and the project's folder held before an act, to begin with again."""

    cloud: Cloud
    project: Path
    kept: Path
    documents: dict
    blobs: dict[tuple[str, str], set[str]]

    @classmethod
    def of(cls, cloud: Cloud, project: Path, kept: Path) -> Self:
        shutil.copytree(project, kept, symlinks=True)
        blobs = {place: {*cloud.blobs.names(*place)} for place in cloud.blobs.places}
        return cls(cloud, project, kept, copy.deepcopy(cloud.arm.store.documents.data), blobs)

    def again(self) -> None:
        """Only what was added is removed: no act changes a blob that was there."""
        for place in self.cloud.blobs.places:
            for name in {*self.cloud.blobs.names(*place)} - self.blobs.get(place, set()):
                self.cloud.blobs.let_go(*place, name)
                self.cloud.blobs.remove(*place, name)
        for document in self.cloud.arm.store.documents.values():
            if document["id"].lower() not in self.documents:
                self.cloud.servers.stop(Id(document["id"]))
        self.cloud.runs.begun.clear()
        self.cloud.arm.store.documents.data = copy.deepcopy(self.documents)
        shutil.rmtree(self.project)
        shutil.copytree(self.kept, self.project, symlinks=True)

    def left(self) -> Counter[str]:
        """How many of each kind there are that were not there."""
        found = Counter[str]()
        for place in self.cloud.blobs.places:
            found["blobs"] += len({*self.cloud.blobs.names(*place)} - self.blobs.get(place, set()))
        for document in self.cloud.arm.store.documents.values():
            if document["id"].lower() not in self.documents:
                found[Id(document["id"]).type.partition("/")[2]] += 1
        return found


def picture(cloud: Cloud) -> Counter[str]:
    """All that Azure holds, but for what is drawn or told by a clock: documents, and blobs by their bytes.

    Code goes to a place that Azure gives for each upload: what lies where no asset leads to is left out, and so are
    the lines that servers log.
    """
    documents = [json.dumps(document, sort_keys=True) for document in cloud.arm.store.documents.values()]
    found = Counter(VARIES.sub("…", text) for text in documents)
    for account, container in cloud.blobs.places:
        lost = cloud.blobs.is_given(account, container) and not any(container in text for text in documents)
        if lost or container == "inference-log":
            continue
        for name, content in cloud.blobs.all(account, container).items():
            found[VARIES.sub("…", f"{account}/{container}/{name} {_digest(content)}")] += 1
    return found


def _digest(content: bytes) -> str:
    """Of what a signed statement or another text says; of anything else as it is."""
    try:
        text = content.decode()
        if text.startswith("{") and (payload := json.loads(text).get("payload")):
            text = base64.b64decode(payload).decode()
        content = VARIES.sub("…", text).encode()
    except ValueError:
        pass
    return hashlib.sha256(content).hexdigest()
