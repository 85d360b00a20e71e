"""A stack on the real engine and emulated Azure, with the commands that a person gives."""

import json
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from tests.emulator.arm import OWNER
from tests.emulator.store import Document
from tests.infra.cloud import Cloud
from tests.infra.command import Command, Run


@dataclass
class Stack:
    """A stack of a program in `folder`, on an emulated cloud. Its state lies in `state`, a folder or a URL."""

    folder: Path
    name: str
    cloud: Cloud
    engine: Path
    scratch: Path
    variables: dict[str, str] = field(default_factory=dict)
    caller: str = OWNER

    @cached_property
    def state(self) -> Path:
        folder = self.scratch / "state"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def env(self, caller: str) -> dict[str, str]:
        home = self.scratch / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": f"{self.engine}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "PULUMI_HOME": str(home / ".pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_DEBUG_PROVIDERS": self.cloud.providers(caller),
            "PULUMI_PYTHON": sys.executable,
            "HTTP_PROXY": "http://127.0.0.1:1",  # nothing of this may leave the machine
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **self.variables,
        }

    def start(self, *arguments: str | Path, caller: str | None = None, events: bool = True) -> Command:
        """Start any command of the CLI for this stack."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        log = self.scratch / f"{len(list(self.scratch.glob('*.text')))}.events"
        who = caller or self.caller
        command = [str(self.engine / "pulumi"), *map(str, arguments), "--stack", self.name, "--non-interactive"]
        command += ["--event-log", str(log), "--color", "never"] if events else ["--color", "never"]
        return Command(command, self.folder, self.env(who), log, self.cloud.front(who))

    def run(self, *arguments: str | Path, caller: str | None = None, events: bool = False) -> Run:
        return self.start(*arguments, caller=caller, events=events).wait()

    def init(self) -> "Stack":
        self.run("stack", "init").ok()
        return self

    def preview(self, *arguments: str | Path, policy: Path | None = None, caller: str | None = None) -> Run:
        return self.run("preview", *arguments, *_packs(policy), caller=caller, events=True)

    def up(self, *arguments: str | Path, policy: Path | None = None, caller: str | None = None) -> Run:
        """Without the preview that it would start with: that one is a command of its own."""
        return self.run("up", "--yes", "--skip-preview", *arguments, *_packs(policy), caller=caller, events=True)

    def refresh(self, *arguments: str | Path, caller: str | None = None) -> Run:
        return self.run("refresh", "--yes", "--skip-preview", *arguments, caller=caller, events=True)

    def destroy(self, *arguments: str | Path, caller: str | None = None) -> Run:
        """With its preview: it is the preview that finds protected resources before anything is deleted."""
        return self.run("destroy", "--yes", *arguments, caller=caller, events=True)

    def config(self, **values: object) -> "Stack":
        """Settings of the program, of any form, written into the stack's file."""
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())["name"]
        file = self.folder / f"Pulumi.{self.name}.yaml"
        document = yaml.safe_load(file.read_text()) or {}
        document.setdefault("config", {}).update({f"{project}:{key}": value for key, value in values.items()})
        file.write_text(yaml.safe_dump(document))
        return self

    def settings(self) -> Document:
        """What `config` wrote or the file came with, by key."""
        known = yaml.safe_load((self.folder / f"Pulumi.{self.name}.yaml").read_text())["config"]
        return {key.partition(":")[2]: value for key, value in known.items()}

    def outputs(self, *, secrets: bool = False) -> Document:
        shown = self.run("stack", "output", "--json", *(["--show-secrets"] if secrets else [])).ok()
        return json.loads(shown.text)

    def export(self) -> Document:
        """The stack's state, secrets encrypted."""
        return json.loads(self.run("stack", "export").ok().text)["deployment"]

    def resources(self) -> Counter[str]:
        """What the state holds, by type, without the stack and providers."""
        types = [resource["type"] for resource in self.export().get("resources", [])]
        return Counter(type for type in types if not type.startswith("pulumi:"))

    def beside(self, name: str) -> "Stack":
        """Another stack of the same program."""
        return Stack(self.folder, name, self.cloud, self.engine, self.scratch, self.variables, self.caller)


def _packs(policy: Path | None) -> list[str | Path]:
    return ["--policy-pack", policy] if policy else []


def copy(program: Path, to: Path) -> Path:
    """A program of the test's own."""
    shutil.copytree(program, to, symlinks=True, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    borrow_environment(to)
    return to


def borrow_environment(program: Path) -> None:
    """Put this test run's environment in the place of the one that `virtualenv: .venv` means."""
    (program / ".venv").symlink_to(sys.prefix)
