"""The Pulumi command, with the state that it shall use: the one place that starts it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.errors import Failure, Misuse

from . import HERE
from .settings import load, unfilled
from .types import Organisation

STACK = "main"
PROJECTS = HERE / "projects.yaml"
LOCAL = HERE / ".bootstrap"
"""Holds the state until the store exists."""


@dataclass(frozen=True)
class Engine:
    """The stack in one backend."""

    backend: str
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: Path = HERE

    def run(self, *arguments: str) -> None:
        """Run a command in sight of the user. Raises Failure when it does."""
        if self._start(arguments).returncode:
            raise Failure(
                f"`pulumi {' '.join(arguments[:2])}` failed; above it says why. Repeat when that is put right."
            )

    def read(self, *arguments: str) -> Any:
        """What a command answers in JSON. Raises Failure when it does not."""
        done = self._start(arguments, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failure(f"`pulumi {' '.join(arguments[:2])}` failed; above it says why.")
        return json.loads(done.stdout)

    def resources(self) -> list[dict[str, Any]]:
        """Everything in the state."""
        return self.read("stack", "export", "--stack", STACK)["deployment"].get("resources") or []

    def _start(self, arguments: tuple[str, ...], **options: Any) -> subprocess.CompletedProcess:
        program = shutil.which("pulumi")
        if program is None:
            raise Misuse("the command `pulumi` is not on the PATH. Install it, version 3.258 or newer, and repeat.")
        variables = {
            **os.environ,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.variables,
            "PULUMI_BACKEND_URL": self.backend,
        }
        return subprocess.run([program, "--cwd", str(self.folder), *arguments], env=variables, check=False, **options)


def ready(projects: Path = PROJECTS) -> Organisation:
    """The settings, if an organisation filled them in. Raises Misuse with everything that is still the example's."""
    organisation = load(projects)
    if left := unfilled(projects):
        raise Misuse("\n".join(left))
    return organisation
