"""`mlops` typed many times: each command is a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.support.project import TEMPLATE, Completed, Project, environment

FORKED = Path(__file__).with_name("forked.py")
MACHINERY = TEMPLATE / "<<cookiecutter.project_slug>>" / "src"


class Forks:
    """Use as a context. The machinery is the template's own, whose bytes those of each project are."""

    def __init__(self) -> None:
        own = environment(PYTHONPATH=f"{MACHINERY}:{TEMPLATE}", PYTHONDONTWRITEBYTECODE="1")
        command, pipe = [sys.executable, FORKED], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=own, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def status(
        self,
        folder: Path,
        arguments: tuple[str | Path, ...],
        variables: dict[str, str],
        out: Path,
        err: Path,
        begun: Callable[[int], None] | None = None,
    ) -> int:
        """How a command ends. Its requests say who makes them where somebody wants its id, when it has `begun`."""
        assert self._process.stdin and self._process.stdout
        order = {"arguments": [*map(str, arguments)], "folder": str(folder), "variables": variables}
        order |= {"out": str(out), "err": str(err), "mark": begun is not None}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        process = int(self._process.stdout.readline())
        if begun:
            begun(process)
        return int(self._process.stdout.readline())

    def mlops(self, project: Project, *arguments: str | Path, **variables: str) -> Completed:
        """As `Project.mlops`."""
        with tempfile.TemporaryDirectory() as scratch:
            out, err = Path(scratch, "out"), Path(scratch, "err")
            status = self.status(project.path, arguments, project.environment | variables, out, err)
            return Completed(arguments, status, out.read_text("utf-8"), err.read_text("utf-8"))
