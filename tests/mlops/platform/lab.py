"""Jobs made by hand, run on the laptop's platform. As a program: run a pickled job in a project."""

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.errors import MlopsError
from mlops.platform import open as open_platform
from mlops.platform.base import Event, Platform, Submission
from mlops.specs.types import Asset, FromNode, Job, Literal, Node, Place, Port, Value

PLACE = Place(Path("job.yml"), 1)
OUT = {"out": "uri_folder"}
"""The outputs of most nodes."""


def node(
    name: str,
    command: str,
    code: Path | None = None,
    inputs: Mapping[str, Value] | None = None,
    outputs: Mapping[str, str] | None = None,
    **more: Any,
) -> Node:
    """A node; `outputs` are types by name."""
    ports = {output: Port(output, kind) for output, kind in (outputs or {}).items()}
    return Node(name, command, code, None, inputs or {}, ports, PLACE, **more)


def job(*nodes: Node, **more: Any) -> Job:
    return Job(
        "a job",
        Path("job.yml"),
        "an experiment",
        "What it does.",
        more.pop("inputs", {}),
        nodes,
        more.pop("outputs", {}),
        **more,
    )


def folder(name: str, output: str = "out") -> FromNode:
    return FromNode(name, output, "uri_folder")


def text(value: object) -> Literal:
    return Literal(str(value), "string")


def asset(path: Path) -> Asset:
    return Asset(path, "uri_folder" if path.is_dir() else "uri_file", path.name)


@dataclass
class Done:
    """A run that has ended."""

    events: list[Event]
    record: Mapping[str, Any]

    @property
    def status(self) -> int:
        return self.events[-1].status

    @property
    def states(self) -> dict[str, str]:
        """How each node ended."""
        return {event.node: event.state for event in self.events if event.node and event.state != "started"}

    def event(self, name: str) -> Event:
        return next(event for event in self.events if event.node == name and event.state != "started")


@dataclass
class Lab:
    """A project folder and what can be done in it."""

    path: Path
    prepare: Callable[[Path], None] = field(default=lambda path: None)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.prepare(self.path)

    @property
    def state(self) -> Path:
        return self.path / ".mlops"

    @property
    def platform(self) -> Platform:
        return open_platform("local", self.path)

    def write(self, name: str, content: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def run(self, *nodes: Node, fresh: bool = False, reason: str = "", **more: Any) -> Done:
        jobs = self.platform.jobs
        run = jobs.submit(Submission(job(*nodes, **more), fresh, reason))
        return Done(list(jobs.follow(run)), jobs.describe(run))

    def output(self, done: Done, name: str, output: str = "out") -> Path:
        return self.state / done.record["nodes"][name]["outputs"][output]["path"]

    def command(self, *nodes: Node, **more: Any) -> list[str]:
        """The command line that runs a job in a process of its own, with the variables that it needs."""
        pickled = self.path / "job.pickle"
        pickled.write_bytes(pickle.dumps(job(*nodes, **more)))
        return [sys.executable, __file__, str(self.path), str(pickled)]

    def in_little_space(self, *nodes: Node, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a job in a process that, like its children, cannot write a file over 4 MiB."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 * 2**20, 4 * 2**20))

        command = self.command(*nodes, **more)
        return subprocess.run(command, env=environment(), preexec_fn=limit, capture_output=True, text=True)


def environment() -> dict[str, str]:
    """Variables under which a child process imports what this one does."""
    import mlops

    return dict(os.environ) | {"PYTHONPATH": str(Path(mlops.__path__[0]).parent), "SECRET": "of the caller"}


def main(project: str, pickled: str) -> int:
    jobs = open_platform("local", Path(project)).jobs
    status = 3
    for event in jobs.follow(jobs.submit(Submission(pickle.loads(Path(pickled).read_bytes())))):
        print(event.node, event.state, event.detail, flush=True)
        status = event.status
    return status


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a surrounding nohup or shell may ignore some
        signal.signal(number, signal.SIG_DFL)
    try:
        sys.exit(main(*sys.argv[1:]))
    except MlopsError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
