"""A project with an endpoint, whose models can be as bad as one likes."""

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import yaml

import mlops
from mlops import carried, digest, platform, settings
from mlops.connections import Connections
from mlops.evidence.statements import Statement, signed
from mlops.platform.base import Platform
from mlops.platform.endpoint import Door
from mlops.platform.local.endpoint import LocalEndpoint
from mlops.release import state
from mlops.release.tick import Controller, Done
from tests.mlops.release.callers import Calls, callers
from tests.mlops.release.making import says
from tests.support.project import Completed, Project

BODY = json.dumps({"rows": [{"age": 40, "place": "town"}]}).encode()


def eventually(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that has to come true."""
    late = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < late, f"not true after {seconds} seconds"
        time.sleep(0.05)


@dataclass
class Shop:
    """A project with a ladder of seconds."""

    path: Path

    @property
    def platform(self) -> Platform:
        return platform.open("local", self.path)

    @property
    def endpoint(self) -> LocalEndpoint:
        return LocalEndpoint(self.path)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the endpoint."""
        found = urlsplit(self.endpoint.address or "")
        assert found.hostname and found.port
        return str(found.hostname), found.port

    @property
    def controller(self) -> Controller:
        """A new one each time, as each command has."""
        return Controller(self.platform, self.path, settings.load(self.path / "mlops.yaml"), "local")

    @property
    def story(self) -> state.Story:
        return self.controller.read()[1]

    @property
    def champion(self) -> str:
        """The name of the deployment in service."""
        champion = self.story.champion
        assert champion
        return champion.deployment

    @property
    def entries(self) -> list[Statement]:
        return state.entries(self.controller.read()[0], "local")

    @property
    def decisions(self) -> list[str]:
        return [each.says.get("act", each.kind) for each in self.entries]

    def tick(self, until: Collection[str] = ("rollback", "champion"), most: int = 100) -> Done:
        """Let ticks follow each other until one has done something of that kind."""
        for _ in range(most):
            if (done := self.controller.tick()).act in until:
                return done
            time.sleep(0.2)
        raise AssertionError(f"{most} ticks later: {done}")

    def processes(self) -> list[psutil.Process]:
        """All that runs for its endpoint."""
        mine, found = str(self.path / ".mlops"), []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if any(mine in word for word in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def server(self, deployment: str) -> psutil.Process:
        """The process that answers."""
        servers = [each for each in self.processes() if f"--deployment={deployment}" in each.cmdline()]
        return next(each for each in servers if "mlops.serving" in each.cmdline())

    def mlops(self, *arguments: str | Path, **variables: str) -> Completed:
        code = f"{self.path / 'src'}:{Path(mlops.__path__[0]).parent}"
        return Project(self.path).mlops(*arguments, PYTHONPATH=code, **variables)

    def set(self, section: str, **values: Any) -> None:
        file = self.path / "mlops.yaml"
        plain = yaml.safe_load(file.read_text())
        plain[section] = plain.get(section, {}) | values
        file.write_text(yaml.safe_dump(plain))

    def register(self, facts: Mapping[str, Any] | None = None, **evaluation: Any) -> str:
        """A model that does as `shop/predict.py` says; returns its reference."""
        platform = self.platform
        number = len(platform.models.list()) + 1
        artifact = self.path / "artifacts" / str(number)
        artifact.mkdir(parents=True)
        (artifact / "model.json").write_text(json.dumps({"salt": number, **(facts or {})}))
        carried.put(self.path / "src" / "shop", artifact)
        said = says() | {"time": datetime.now(UTC).isoformat()}
        said["evaluation"] |= evaluation
        statement = signed(Statement("build", {"shop": digest.of_folder(artifact)}, said), platform.signer())
        model = platform.models.register("shop", artifact, {"schema": 1, **said}, statement)
        return f"shop:{model.version}"

    def ask(self, deployment: str | None = None, body: bytes = BODY) -> tuple[int, Any]:
        """Status and answer of one request: of a deployment, or as callers ask."""
        door = self.endpoint.door(deployment) if deployment else Door(f"{self.endpoint.address}/score", {})
        answer = asyncio.run(Connections(door.url, door.headers).post(body))
        return answer.status, json.loads(answer.body)

    def callers(self) -> AbstractContextManager[Calls]:
        return callers(*self.address)
