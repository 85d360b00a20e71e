"""A project whose models can be as bad as one likes, and callers of its endpoint.

`shop` has released nothing yet, `served` has a champion in service. Each test has one of its own.
"""

import http.client
import json
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import yaml

import mlops
from mlops import digest, platform, settings
from mlops.contract import request
from mlops.evidence.statements import Statement, signed
from mlops.gates.base import Verdict
from mlops.gates.run import discover
from mlops.platform.base import Platform
from mlops.platform.local import code
from mlops.platform.local.endpoint import LocalEndpoint
from mlops.release import start, state
from mlops.release.tick import Controller, Done
from tests.support.project import Completed, Project

HERE = Path(__file__).parent
RUN = "0123456789abcdef"
LADDER = [
    {"mirror": 50, "requests": 30, "hours": 1},
    {"share": 30, "requests": 40, "hours": 1},
    {"share": 100, "requests": 20, "hours": 1},
]
SPEC_FILE = "azureml/endpoints/online-deployment.yml"
SPEC = {"request_settings": {"request_timeout_ms": 2000, "max_concurrent_requests_per_instance": 64}}


def eventually(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that has to come true."""
    late = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < late, f"not true after {seconds} seconds"
        time.sleep(0.05)


@dataclass
class Calls:
    """What callers were answered: how often, by status and deployment."""

    answers: Counter = field(default_factory=Counter)
    broken: int = 0

    @property
    def failed(self) -> set[str]:
        """Who failed somebody."""
        return {name for status, name in self.answers if status >= 500}


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
        says = _says() | {"time": datetime.now(UTC).isoformat()}
        says["evaluation"] |= evaluation
        statement = signed(Statement("build", {"shop": digest.of_folder(artifact)}, says), platform.signer())
        model = platform.models.register("shop", artifact, {"schema": 1, **says}, statement)
        return f"shop:{model.version}"

    @contextmanager
    def callers(self, number: int = 4, pause: float = 0.03) -> Iterator[Calls]:
        """They ask the endpoint all the time."""
        (host, port), calls, ended = self.address, Calls(), threading.Event()

        def call() -> None:
            while not ended.wait(pause):
                body = json.dumps({"rows": [{"age": random.randint(18, 99), "place": "town"}]})
                connection = http.client.HTTPConnection(host, port, timeout=10)
                try:
                    connection.request("POST", "/score", body, {"content-type": "application/json"})
                    answer = connection.getresponse()
                    answer.read()
                    calls.answers[answer.status, answer.headers["azureml-model-deployment"]] += 1
                except OSError:
                    calls.broken += 1
                finally:
                    connection.close()

        threads = [threading.Thread(target=call) for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            yield calls
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def _says() -> dict[str, Any]:
    contract = import_module("shop.contract")
    judged = [name for name, gate in discover("shop").items() if gate.stage != "release"]
    return {
        "run": RUN,
        "reason": "",
        "environment": {"digest": "e", "python": "3.11"},
        "parameters": {},
        "image": "context:sha256:0",
        "code": {"digest": "c", "commit": None, "dirty": False, "author": "person@example.org"},
        "data": {},
        "uncommitted": [],
        "evaluation": {
            "request": request.schema(contract.ROW),
            "predicted": {"column": "score", "edges": [0.2, 0.3, 0.4, 0.5, 0.6, 0.8]},
            "costs": {"p95_ms": 1, "seconds_per_million": 60, "size_mb": 1},
            "training": {"seconds": 9, "peak_mb": 300, "at": datetime.now(UTC).isoformat()},
            "newest": date.today().isoformat(),
        },
        "verdicts": [asdict(Verdict(name, "all", 1, 0, True, "it is well.")) for name in judged],
        "waivers": [],
        "system": {"contract": "c", "features": "f", "limits": "l", "purpose": "p"},
    }


@pytest.fixture(scope="session")
def closed(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project before anything was released."""
    return built(tmp_path_factory.mktemp("shop") / "project", reference.path)


def built(path: Path, reference: Path) -> Path:
    (path / "src").mkdir(parents=True)
    shutil.copytree(HERE / "shop", path / "src" / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(reference / "responsible_ai", path / "responsible_ai")
    plain = yaml.safe_load((reference / "mlops.yaml").read_text())
    plain["model"] = {"name": "shop", "package": "shop"}
    plain["gates"] = {}
    guards = {name: {"allowed": 0.05, "detects": 1} for name in ("errors", "shift", "outcome")}
    guards["latency"] = {"allowed": 0.3, "detects": 1}
    plain["release"] = {"ladder": LADDER, "guards": guards, "stress_seconds": 0}
    plain["service"]["online"]["p95_ms"] = 1000
    (path / "mlops.yaml").write_text(yaml.safe_dump(plain))
    spec = path / SPEC_FILE
    spec.parent.mkdir(parents=True)
    spec.write_text(yaml.safe_dump(SPEC))
    run = {"run": RUN, "state": "finished", "started": "2026-01-01", "nodes": {}, "outputs": {}}
    run["code"] = code.capture(path, path / ".mlops")
    file = path / ".mlops/runs" / RUN / "run.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(run))
    return path


@pytest.fixture(scope="session")
def in_service(closed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a champion, whose endpoint is stopped."""
    path = shutil.copytree(closed, tmp_path_factory.mktemp("served") / "project", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        _person(patch, path)
        shop = Shop(path)
        start.start(shop.controller, shop.register())
        shop.tick(["champion"])
        shop.endpoint.stop()
    return path


def _person(patch: pytest.MonkeyPatch, project: Path) -> None:
    """Somebody who types in the project, and imports its model package."""
    patch.syspath_prepend(project / "src")
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "A Person")
        patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")


@pytest.fixture
def person(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _person(monkeypatch, closed)


@pytest.fixture
def shop(closed: Path, tmp_path: Path, person: None) -> Iterator[Shop]:
    yield from _opened(closed, tmp_path)


@pytest.fixture
def served(in_service: Path, tmp_path: Path, person: None) -> Iterator[Shop]:
    yield from _opened(in_service, tmp_path)


def _opened(project: Path, tmp_path: Path) -> Iterator[Shop]:
    """Nothing of it runs on after the test."""
    shop = Shop(shutil.copytree(project, tmp_path / "project", symlinks=True))
    try:
        yield shop
    finally:
        shop.endpoint.stop()
