"""A project and the service where its code lives, to which a `gh` or an `az` of the tests speaks."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Generic

import yaml

from tests.emulator.ci.server import Kind
from tests.infra.support import borrow_environment
from tests.support.project import generate

ACCOUNTS = {"owner@example.org": "ada", "other@example.org": "grace"}
PASTED = """# Into .mlops/ci.env
AZURE_TENANT_ID=t
AZURE_SUBSCRIPTION_ID_DEV=s
PULUMI_BACKEND_URL_DEV=azblob://state-dev?storage_account=st
AZURE_CLIENT_ID_DEPLOY_DEV=d
AZURE_CLIENT_ID_READER_DEV=r
"""


@dataclass
class Administered(Generic[Kind]):
    """A project in `folder`, `at` the service, with what speaks to it in `bin`."""

    folder: Path
    at: Kind
    bin: Path

    def people(self, accounts: dict[str, str], prod: list[str], **release: str) -> None:
        file = self.folder / "mlops.yaml"
        plain = yaml.safe_load(file.read_text())
        plain["people"]["approves"]["prod"] = prod
        plain["people"]["accounts"] = accounts
        plain["release"] = release
        file.write_text(yaml.safe_dump(plain))

    def paste(self, text: str) -> None:
        file = self.folder / ".mlops" / "ci.env"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def setup(self, *yes: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`make repo-setup`, or with `YES=1`."""
        place = self.at.url.removeprefix("http://")
        done = subprocess.run(
            ["make", "--assume-old=infra/.venv/.synced", "repo-setup", *yes],
            cwd=self.folder,
            env={
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "PYTHONPATH": str(self.folder / "src"),
                "GH_DOUBLE": place,
                "AZ_DOUBLE": place,
                "GH_TOKEN": "a",
                **variables,
            },
            capture_output=True,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ok(self) -> str:
        """What `make repo-setup YES=1` prints."""
        done = self.setup("YES=1")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, status: int, **variables: str) -> str:
        """What `make repo-setup YES=1` says, which ends with that status."""
        done = self.setup("YES=1", **variables)
        assert done.returncode and f"Error {status}\n" in done.stderr, done.stdout + done.stderr
        assert "is behind approval" not in done.stdout
        return done.stderr

    @property
    def writes(self) -> list[str]:
        return [each for each in self.at.journal if not each.startswith("GET ")]

    def unchanged(self) -> None:
        """Once more there is nothing to do."""
        self.at.journal.clear()
        assert "nothing to change" in self.ok()
        assert self.writes == []


def administered(
    once: Callable[..., Path], system: str, to: Path, at: Kind, **programs: ModuleType
) -> Administered[Kind]:
    """A project of that CI system in `to`, with two people who may approve prod."""

    def fill(place: Path) -> None:
        place.mkdir()
        done = generate(place, place / "home", f"ci_system={system}")
        assert done.returncode == 0, done.stdout + done.stderr

    rendered = once(f"rendered-{system}", fill) / "income-support-triage"
    shutil.copytree(rendered, to / "project", symlinks=True)
    borrow_environment(to / "project" / "infra")
    (to / "bin").mkdir()
    for name, module in programs.items():
        program = to / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {module.__file__} "$@"\n')
        program.chmod(0o755)
    found = Administered(to / "project", at, to / "bin")
    found.people(ACCOUNTS, [*ACCOUNTS])
    return found
