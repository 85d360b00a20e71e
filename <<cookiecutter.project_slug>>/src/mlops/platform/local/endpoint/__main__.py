"""The router and the servers behind it, as one process that outlives the command which started it.

Follows `wanted.json` in `.mlops/endpoint/`, says in `actual.json` how far it is, and holds `lock`. It ends when that is
what is wanted, or when the folder is gone.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import uvicorn

from mlops import files
from mlops.errors import Misuse
from mlops.outcomes import ids
from mlops.platform.local.endpoint.router import Router
from mlops.platform.local.endpoint.server import Server
from mlops.platform.local.lock import locked
from mlops.release.rules import MOST_DEPLOYMENTS
from mlops.serving.capped import Capped
from mlops.serving.minutes import Minutes

LOOK_SECONDS = 0.05
FILES = "wanted", "actual"


class Keeper:
    """Brings servers, shares and copies to what is wanted."""

    def __init__(self, state: Path, router: Router) -> None:
        self._state, self._router = state, router
        self._tasks = dict[str, asyncio.Task]()
        self._threads = ThreadPoolExecutor(MOST_DEPLOYMENTS + 1)

    async def follow(self, wanted: Mapping[str, Any]) -> None:
        router, plans = self._router, wanted["deployments"]
        for name in plans.keys() - self._tasks.keys():
            router.servers[name] = server = Server(name, plans[name], self._state)
            self._tasks[name] = asyncio.create_task(server.keep(self._threads))
        router.traffic, router.mirror = wanted["traffic"], wanted["mirror"]
        gone = {name: self._tasks.pop(name) for name in self._tasks.keys() - plans.keys()}
        for name, task in gone.items():
            router.servers.pop(name)
            task.cancel()
        await asyncio.gather(*gone.values(), return_exceptions=True)

    def states(self) -> dict[str, Any]:
        return {name: vars(server.now) for name, server in self._router.servers.items()}


async def run(state: Path, router: Router) -> None:
    keeper, wanted_file, actual_file = Keeper(state, router), *(state / "endpoint" / f"{it}.json" for it in FILES)
    listening = _listening(files.read_json(actual_file)["port"] if actual_file.exists() else 0)
    front = uvicorn.Server(uvicorn.Config(
        router, http=Capped, ws="none", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=5
    ))  # fmt: skip
    serving, said = asyncio.create_task(front.serve([listening])), {}
    while wanted_file.exists() and (wanted := files.read_json(wanted_file))["up"] and not serving.done():
        await keeper.follow(wanted)
        own = {"pid": os.getpid(), "port": listening.getsockname()[1], "number": wanted["number"]}
        if said != (said := own | {"deployments": keeper.states()}):
            files.write_json(actual_file, said)
        await asyncio.wait([serving], timeout=LOOK_SECONDS)
    front.should_exit = True
    await serving
    await keeper.follow({"deployments": {}, "traffic": {}, "mirror": {}})


def _listening(port: int) -> socket.socket:
    """The port of the last time, so that callers find it again; another one where that is taken.

    Nothing waits to be sent until a caller has confirmed what came before, which takes some 40 ms (RFC 896, RFC 1122).
    """
    try:
        found = socket.create_server(("127.0.0.1", port))
    except OSError:
        found = socket.create_server(("127.0.0.1", 0))
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def main(state: Path) -> None:
    with locked(state / "endpoint" / "lock", wait=False):
        log, key = Minutes(state / "serving" / "traffic", "endpoint"), ids.of_project(state)
        asyncio.run(run(state, Router(log, key, Random())))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Misuse as error:
        sys.exit(str(error))
