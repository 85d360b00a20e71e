"""The server of one deployment, as the router keeps it: started, watched, asked, and started again when it dies."""

import asyncio
import os
import shlex
import socket
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import mlops
from mlops.connections import Answer, Connections
from mlops.outcomes import ids
from mlops.platform.endpoint import Deployed
from mlops.platform.local import guard
from mlops.platform.local.process import Processes

START_SECONDS, PROBE_SECONDS, PAUSE_SECONDS = 60.0, 1.0, 0.1
MISSED = 3
"""Probes in a row that a server may leave without an answer, and deaths in a row before it counts as failed."""
STEADY_SECONDS, LONGEST_PAUSE = 10.0, 300.0
GRACE_SECONDS = 1.0
"""Beyond its own limit, in which a server can still say that it had no time."""


class Server:
    """One deployment. `plan` says what it serves, as `wanted.json` has it; `now` is how it is."""

    def __init__(self, name: str, plan: Mapping[str, Any], state: Path) -> None:
        self.name, self.plan, self._state, self._folder = name, plan, state, state / "endpoint" / name
        self.now = Deployed(plan["model"], "starting")
        self._connections: Connections | None = None
        self._deaths = 0

    async def keep(self, threads: Executor) -> None:
        """Run the server until this is cancelled; then none of its processes is left."""
        while True:
            processes, since = Processes(), time.monotonic()
            running = asyncio.get_running_loop().run_in_executor(threads, self._run, processes, port := _free_port())
            try:
                why = await self._watch(running, Connections(f"http://127.0.0.1:{port}"))
            except Exception as error:
                why = f"its server could not run: {error}"
            finally:
                self._connections = None
                processes.stop()
                await asyncio.wait([running])
            self._deaths = 1 if time.monotonic() - since > STEADY_SECONDS else self._deaths + 1
            bad = self.now.state != "healthy" or self._deaths >= MISSED
            self.now = Deployed(self.now.model, "failed" if bad else "healthy", f"{why}. It is started again.")
            await asyncio.sleep(min(LONGEST_PAUSE, PAUSE_SECONDS * 3 ** (self._deaths - 1)))

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises OSError or EOFError when there is no answer, TimeoutError when there is none in time."""
        if self._connections is None:
            raise ConnectionError(f"{self.name} has no server at the moment")
        async with asyncio.timeout(self.plan["timeout_ms"] / 1000 + GRACE_SECONDS):
            return await self._connections.ask(method, path, headers, body)

    def _run(self, processes: Processes, port: int) -> str:
        """Run the server once, to its end, after what is left of one before; returns how it ended."""
        said = {
            "model": self._folder,
            "port": port,
            "deployment": self.name,
            "version": self.plan["model"],
            "spool": self._state / "serving",
            "timeout-ms": self.plan["timeout_ms"],
            "max-waiting": self.plan["most_waiting"],
        }
        words = ["exec", sys.executable, "-m", "mlops.serving", *(f"--{name}={value}" for name, value in said.items())]
        own = {"PYTHONPATH": str(Path(mlops.__path__[0]).parent), "MLOPS_LOG_KEY_FILE": str(self._state / ids.FILE)}
        command, log = shlex.join(words), self._state / "endpoint" / "logs" / f"{self.name}.txt"
        log.parent.mkdir(exist_ok=True)
        guard.end(mark := str(self._folder))
        with processes:
            ended = processes.run(command, self._folder, {**os.environ, **own}, log, mark, None)
        code = ended.code if ended else 0
        return f"its server ended with {f'signal {-code}' if code < 0 else f'status {code}'}"

    async def _watch(self, running: asyncio.Future[str], connections: Connections) -> str:
        """Return, with the reason, when the server has ended or does not answer any more."""
        late, missed = time.monotonic() + START_SECONDS, 0
        while True:
            lives = await _lives(connections)
            if lives and not self._connections:
                self._connections, self.now = connections, Deployed(self.now.model, "healthy")
            missed = 0 if lives else missed + 1
            if missed >= MISSED if self._connections else time.monotonic() > late:
                return "its server did not say that it is there"
            if (await asyncio.wait([running], timeout=PROBE_SECONDS if self._connections else PAUSE_SECONDS))[0]:
                return running.result()


async def _lives(connections: Connections) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return (await connections.ask("GET", "/live", {})).status == 200
    except (OSError, EOFError, TimeoutError):
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
