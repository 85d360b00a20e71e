"""A project that reaches one emulated Azure by both ways: the engine's protocol, and HTTPS as the official client."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.runner import really
from tests.infra import TEMPLATE
from tests.infra.onboarded import SHORT, Onboarded
from tests.infra.support import Stack

PYTHON = TEMPLATE / ".venv" / "bin" / "python"
QUICK = """#!{python}
import sys
from mlops.cli import main
from mlops.platform.azure import endpoint, follow, observe
observe.SPAN_SECONDS, observe.DELAY_SECONDS, endpoint.FOLLOW_SECONDS, follow.PAUSES = 1, 7, 0.0, (0.2,)
sys.argv[0] = "mlops"
sys.exit(main())
"""
"""`mlops` of a project, where spans of the log are seconds, as in the other tests of releases in Azure."""
LADDER = [
    {"mirror": 50, "requests": 30, "hours": 1},
    {"share": 10, "requests": 20, "hours": 1},
    {"share": 100, "requests": 20, "hours": 1},
]
GUARDS = {name: {"allowed": 0.3, "detects": 1} for name in ("errors", "latency", "shift", "outcome")}


@dataclass
class Reached:
    """A project in `path` with an environment of its own, as CI's deploy identity has it; `took` is what was typed."""

    made: Onboarded
    cloud: Cloud
    took: list[tuple[str, float]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.made.root / "project"

    def variables(self, environment: str) -> dict[str, str]:
        """Signed in as a job of CI, for the engine and for the client."""
        stack = self.stack(environment)
        identity = self.made.cloud.document(f"/id-ci-{SHORT}-{environment}-deploy")
        trusts = [each["properties"] for each in self.cloud.arm.below(identity["id"])]
        [trust] = [each for each in trusts if "issuer" in each]
        own = identity["properties"]
        found = self.cloud.environ(Principal(own["principalId"], own["clientId"], trust["subject"]), self.made.root)
        said = self.cloud.directory.assertion(trust["subject"], issuer=trust["issuer"], minutes=600)
        Path(found["AZURE_FEDERATED_TOKEN_FILE"]).write_text(said)
        alone = {name: text for name, text in found.items() if name not in ("PATH", "HOME", "NO_PROXY")}
        return stack.env(stack.caller) | alone | {"PYTHONDONTWRITEBYTECODE": "1"}

    def stack(self, environment: str) -> Stack:
        return self.made.begun(environment)

    def type(self, environment: str, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """One command of a person, or of CI."""
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=self.path, env=self.variables(environment), capture_output=True, encoding="utf-8"
        )
        self.took.append((" ".join(command), time.monotonic() - began))
        assert "Traceback" not in done.stderr, done.stdout + done.stderr
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done

    def mlops(self, environment: str, *arguments: str) -> str:
        return self.type(environment, ".venv/bin/mlops", *arguments, "--on", environment).stdout

    def check(self, *options: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """`make azure-check`, such as with "ENV=dev"."""
        return self.type("dev", "make", "--assume-old=infra/.venv/.synced", "azure-check", *options, ok=ok)

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.path / ".mlops" / "azure-check.json").read_text())

    def set(self, **sections: Any) -> None:
        """Change sections of mlops.yaml, and commit."""
        file = self.path / "mlops.yaml"
        plain = yaml.safe_load(file.read_text())
        for name, section in sections.items():
            plain[name] = {**plain.get(name, {}), **section}
        file.write_text(yaml.safe_dump(plain, sort_keys=False))
        self.commit("change settings")

    def trust(self, environment: str, *keys: dict[str, str]) -> None:
        known = yaml.safe_load((self.path / "mlops.yaml").read_text()).get("evidence", {}).get("trusted_keys", {})
        known[environment] = {each["id"]: each["text"] for each in keys}
        self.set(evidence={"trusted_keys": known})

    def key(self, environment: str) -> dict[str, str]:
        """The public key of an environment."""
        address = self.stack(environment).settings()["organisation"]["sign_key"]
        done = self.type(environment, ".venv/bin/python", "-P", "infra/reach.py", "ready", environment, address)
        return json.loads(done.stdout)["key"]

    def commit(self, why: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", why)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.path, check=True)

    def engine(self, verb: str, environment: str, *options: str) -> None:
        """`make infra-preview`, `infra-up` or `infra-destroy`, as make types it."""
        self.type(environment, "infra/.venv/bin/python", "infra/engine.py", verb, environment, *options)

    def shares(self, environment: str) -> tuple[dict[str, int], dict[str, int]]:
        """Of live requests and of copies, those of the endpoint."""
        group = self.stack(environment).settings()["organisation"]["resource_group"]
        found = self.cloud.arm.below(f"{self.made.cloud.subscription}/resourceGroups/{group}")
        [endpoint] = [each["properties"] for each in found if each["id"].split("/")[-2] == "onlineEndpoints"]
        return endpoint.get("traffic", {}), endpoint.get("mirrorTraffic", {})

    def change_the_stack(self, environment: str, number: int) -> tuple[dict[str, int], dict[str, int]]:
        """Give it another tag; returns the shares, which have to be what they were."""
        before = self.shares(environment)
        self.stack(environment).config(tags={"cost_centre": f"cc-{number}"})
        self.engine("preview", environment)
        self.engine("up", environment, "--yes")
        assert self.shares(environment) == before
        return before


@contextmanager
def reached(made: Onboarded, folder: Path) -> Iterator[Reached]:
    """The clock of the emulated subscription runs: networks become active, and lines of the log arrive."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.2):
            made.cloud.arm.clock.advance(minutes=1)

    with Cloud(folder, made.cloud.arm) as cloud:
        cloud.servers.python, cloud.runs.plan = PYTHON, really(lambda context: PYTHON, processors=os.cpu_count() or 1)
        there = Reached(made, cloud)
        _furnish(there)
        clock = threading.Thread(target=run)
        clock.start()
        try:
            yield there
        finally:
            ended.set()
            clock.join()
    assert cloud.proxy.strangers == [], f"not emulated, and asked for: {cloud.proxy.strangers}"
    assert cloud.faults == []


def _furnish(there: Reached) -> None:
    """A repository with an interpreter in it, whose ladder is a short one."""
    bin = there.path / ".venv" / "bin"
    bin.mkdir(parents=True)
    python, source = bin / "python", there.path / "src"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {PYTHON} "$@"\n')
    (bin / "mlops.py").write_text(QUICK.format(python=python))
    (bin / "mlops").write_text(f'#!/bin/sh\nexec {python} -P {bin / "mlops.py"} "$@"\n')
    for file in bin.iterdir():
        file.chmod(0o755)
    there.git("init", "--quiet", "--initial-branch", "main")
    for name, text in (("name", "The Owner"), ("email", "owner@example.org")):
        there.git("config", f"user.{name}", text)
    (there.path / ".git" / "info" / "exclude").write_text(".venv\n")
    plain = yaml.safe_load((there.path / "mlops.yaml").read_text())
    if online := plain["service"].get("online"):
        there.set(service={"online": {**online, "p95_ms": 2000, "requests_per_second": 30}})
    there.set(release={"ladder": LADDER, "guards": GUARDS, "stress_seconds": 4})
