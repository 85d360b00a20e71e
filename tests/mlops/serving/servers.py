"""Real server processes, and a caller."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import mlops
from mlops import carried

ROW = {"age": 30, "heat": None, "ward": "north", "job": "cook", "smoker": False, "since": None, "note": None}
SOURCE, WARDS = Path(mlops.__path__[0]).parent, Path(__file__).with_name("models") / "wards"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    said: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """Names of headers with _ for -."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            found = connection.getresponse()
            kept = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, kept, found.read().decode())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def score(self, *rows: Any, reasons: bool = False, **headers: str) -> Answer:
        body = json.dumps({"rows": rows, "reasons": reasons})
        return self.call("POST", "/score", body, **{"content_type": "application/json", **headers})

    def notes(self, *notes: str | None) -> list[Answer]:
        """The answers to requests of one row each, asked at once."""
        with ThreadPoolExecutor(len(notes)) as pool:
            return list(pool.map(lambda note: self.score(ROW | {"note": note}), notes))

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(30)


def made(model: Path, package: Path = WARDS, learnt: str = "{}") -> Path:
    """A model's folder, with the package that it carries and what its Predictor loads."""
    carried.put(package, model)
    (model / "model.json").write_text(learnt)
    return model


def command(*options: str, model: Path, port: int = 0) -> list[str]:
    return [sys.executable, "-m", "mlops.serving", f"--model={model}", f"--port={port}", *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}


@contextmanager
def running(words: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> Iterator[Server]:
    """The server that a command starts; its process is gone afterwards."""
    with subprocess.Popen(
        words, env=env or environment(), cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            assert process.stdout
            first = process.stdout.readline()
            assert " answers at http://127.0.0.1:" in first, first + process.stdout.read()
            server = Server(process, int(first.rsplit(":", 1)[1].split("/")[0]), [first])
            reading = threading.Thread(target=lambda: server.said.extend(process.stdout or ()))
            reading.start()
            yield server
        finally:
            process.kill()
            process.wait()
            reading.join()
