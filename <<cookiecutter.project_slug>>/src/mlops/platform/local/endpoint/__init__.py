"""The endpoint on this machine: a server process for each deployment, behind a router with shares and copies."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlops
from mlops import files
from mlops.errors import Failure, Misuse
from mlops.platform.endpoint import Bucket, Deployed, Deployment, Door, Edges, EndpointState, Unhealthy
from mlops.platform.local import guard
from mlops.platform.local.lock import locked
from mlops.platform.local.models import LocalModels
from mlops.release import rules
from mlops.specs.load import read

if TYPE_CHECKING:
    from mlops.contract.types import Column
    from mlops.platform.local.endpoint.seen import Read

NOTHING = {"up": False, "number": 0, "deployments": {}, "traffic": {}, "mirror": {}, "since": 0.0, "used": {}}
PATIENCE_SECONDS, START_SECONDS, LOOK_SECONDS = 30.0, 60.0, 0.02
FOLLOW_SECONDS = 0.1
"""After which the router does what is wanted."""
LAST_LINES = 12


class LocalEndpoint:
    """What should be is in `.mlops/endpoint/wanted.json`, which the router's process follows.

    A router that was killed is started again by whatever is asked next; one that was stopped, by the next change.
    """

    def __init__(self, project: Path) -> None:
        self._project, self._state = project, project / ".mlops"
        self._folder = self._state / "endpoint"
        self._log = self._folder / "router.txt"
        self._read: Read = {}

    @property
    def address(self) -> str | None:
        with locked(self._folder / "changes"):
            return f"http://127.0.0.1:{self._running(wanted)['port']}" if (wanted := self._wanted())["up"] else None

    def state(self) -> EndpointState:
        with locked(self._folder / "changes"):
            self._tidy(wanted := self._wanted())
            return self._found(wanted)

    def deploy(self, deployment: Deployment) -> None:
        name = deployment.name
        with self._changing() as wanted:
            rules.deployed(self._found(wanted), deployment, wanted["used"])
            if name not in wanted["deployments"]:
                wanted["deployments"][name] = self._placed(deployment)
            wanted["used"][name] = deployment.model
        while (now := self.state().deployments[name]).state == "starting":
            time.sleep(LOOK_SECONDS)
        if now.state == "failed":
            raise Unhealthy(f"{name} did not become healthy: {now.why}\nThe last lines of its log:\n{self.logs(name)}")

    def traffic(self, shares: Mapping[str, int], mirror: Mapping[str, int]) -> None:
        with self._changing() as wanted:
            state = rules.shared(self._found(wanted), shares, mirror)
            if (state.traffic, state.mirror) != (wanted["traffic"], wanted["mirror"]):
                wanted |= {"traffic": state.traffic, "mirror": state.mirror, "since": time.time() + FOLLOW_SECONDS}

    def remove(self, deployment: str) -> None:
        with self._changing() as wanted:
            rules.removed(self._found(wanted), deployment)
            del wanted["deployments"][deployment]

    def observe(self, since: float, edges: Edges) -> tuple[Bucket, ...]:
        from mlops.platform.local.endpoint.seen import seen

        return seen(self._project, since, edges, self._read)

    def door(self, deployment: str) -> Door:
        return Door(f"{self.address}/score", {"azureml-model-deployment": deployment})

    def logs(self, deployment: str) -> str:
        file = self._folder / "logs" / f"{deployment}.txt"
        return f"{_tail(file)}\nAll of it: {file}"

    def add_outcomes(self, file: Path, label: "Column", now: datetime, late: datetime) -> Mapping[str, int]:
        from mlops.outcomes import store

        return store.add(self._state, file, label, now, late)

    def prepare(self, deployment: Deployment) -> None: ...

    def switch(self, deployment: Deployment) -> None:
        """On this machine the ledger alone says who scores."""

    def stop(self) -> None:
        """End the router and every server. What was wanted is not forgotten."""
        with locked(self._folder / "changes"):
            wanted = self._wanted() | {"up": False}
            files.write_json(self._folder / "wanted.json", wanted)
            self._until(lambda: not self._alive())
            for name in wanted["deployments"]:
                guard.end(str(self._folder / name))
            self._tidy(wanted)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """What is wanted, to be changed by one command at a time, with the router up; it is in force after that."""
        file = self._folder / "wanted.json"
        with locked(self._folder / "changes"):
            if not (before := self._wanted())["up"]:
                files.write_json(file, before := before | {"up": True})
            self._running(before)
            yield (wanted := deepcopy(before))
            if wanted != before:
                wanted["number"] += 1
                files.write_json(file, wanted)
                self._running(wanted)
                self._tidy(wanted)

    def _tidy(self, wanted: Mapping[str, Any]) -> None:
        """Remove what was cut off: deployments that are not wanted, and whatever still runs for them."""
        for folder in (*self._folder.glob("m*"), *self._folder.glob(".m*")):
            if folder.name not in wanted["deployments"]:
                guard.end(str(folder))
                files.remove(folder)

    def _wanted(self) -> dict[str, Any]:
        file = self._folder / "wanted.json"
        return files.read_json(file) if file.exists() else deepcopy(NOTHING)

    def _found(self, wanted: Mapping[str, Any]) -> EndpointState:
        """Nothing is deployed where it was stopped."""
        if not wanted["up"]:
            return EndpointState()
        self._running(wanted)
        return EndpointState(self._servers(), wanted["traffic"], wanted["mirror"], wanted["since"])

    def _running(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What the router says, once it has come as far as that. Raises Failure when there is no router."""
        if not self._alive():
            self._start()
        self._until(lambda: self._actual()["number"] == wanted["number"] or not self._alive())
        return self._actual()

    def _start(self) -> None:
        """Start the router, and wait until every server behind it is healthy or has failed."""
        words = [sys.executable, "-m", "mlops.platform.local.endpoint", self._state]
        path = {**os.environ, "PYTHONPATH": str(Path(mlops.__path__[0]).parent), "PYTHONDONTWRITEBYTECODE": "1"}
        with self._log.open("ab") as log:
            own = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=path, start_new_session=True
            )
        self._until(lambda: self._actual()["pid"] == own.pid or own.poll() is not None)
        if own.poll() is not None:
            raise Failure(f"the router of the endpoint ended. The last lines of {self._log}:\n{_tail(self._log)}")
        self._until(lambda: "starting" not in {it.state for it in self._servers().values()}, 2 * START_SECONDS)

    def _actual(self) -> dict[str, Any]:
        file = self._folder / "actual.json"
        return files.read_json(file) if file.exists() else {"pid": 0, "number": -1, "deployments": {}}

    def _servers(self) -> dict[str, Deployed]:
        return {name: Deployed(**it) for name, it in self._actual()["deployments"].items()}

    def _alive(self) -> bool:
        try:
            with locked(self._folder / "lock", wait=False):
                return False
        except Misuse:
            return True

    def _until(self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        late = time.monotonic() + seconds
        while not done():
            if time.monotonic() > late:
                what = f"the router of the endpoint does not follow. Look into {self._log}"
                raise Failure(f"{what}, end process {self._actual()['pid']}, then repeat.")
            time.sleep(LOOK_SECONDS)

    def _placed(self, deployment: Deployment) -> dict[str, Any]:
        """Copy the model with the package that it carries; returns what its server is told."""
        limits = read(deployment.spec).plain().get("request_settings") or {}
        with files.replacing(self._folder / deployment.name) as draft:
            LocalModels(self._state).fetch(deployment.model, draft)
        return {
            "model": deployment.model,
            "timeout_ms": limits.get("request_timeout_ms", 5000),
            "most_waiting": limits.get("max_concurrent_requests_per_instance", 1),
        }


def _tail(file: Path) -> str:
    """The last lines; of those that say the same of one request after the other, the first and how many."""
    text = file.read_text("utf-8", "replace") if file.exists() else ""
    runs = [(line, len([*same])) for line, same in groupby(re.sub(r"\b[0-9a-f]{32,}\b", "…", text).splitlines())]
    return "\n".join(line + f" ({times} times)" * (times > 1) for line, times in runs[-LAST_LINES:])
