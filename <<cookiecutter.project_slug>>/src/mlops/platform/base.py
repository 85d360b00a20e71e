"""Where things run, as protocols: the laptop and Azure ML implement the same ones."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from mlops.specs.types import Job

State = Literal["started", "reused", "finished", "refused", "failed", "cancelled", "skipped"]


@dataclass(frozen=True)
class Event:
    """What just happened to a node, or to the run itself (`node` is None, the last event of a run).

    `detail` is a sentence: for a failure the last lines of the log and where the rest is, on the last event where all
    logs and outputs are.
    `status` on the last event is the exit status: 0 done, 1 refused, 2 unreadable input, 3 failed, 130 cancelled.
    """

    run: str
    node: str | None
    state: State
    seconds: float = 0.0
    detail: str = ""
    status: int = 0


@dataclass(frozen=True)
class Submission:
    """A bound job and how a person wants it run: `fresh` reuses nothing; `reason` is why (`-m`)."""

    job: Job
    fresh: bool = False
    reason: str = ""


class Jobs(Protocol):
    def submit(self, submission: Submission) -> str:
        """Open the run; returns its id. Raises Misuse when it cannot start (another run holds the project)."""
        ...

    def follow(self, run: str) -> Generator[Event, None, None]:
        """Events until the run has ended. Locally this is what drives it: closing it cancels the run."""
        ...

    def find(self, reference: str) -> str:
        """The id of the run that a prefix of an id, or `last`, names. Raises Misuse."""
        ...

    def fetch(self, run: str, output: str, to: Path) -> None:
        """Copy a job output (`model`) or a node's output (`train.model`) of a run to a place that is not there yet.

        Raises Misuse when there is no such output, Failure when its bytes are no longer what the node wrote.
        """
        ...

    def describe(self, run: str) -> Mapping[str, Any]:
        """Record of a run: status, reason, digests of code, data and environment, parameters, nodes."""
        ...


@dataclass(frozen=True)
class Model:
    """A registered model. `digest` (sha256 of the artifact folder) is its identity, the integer version its handle."""

    name: str
    version: int
    digest: str
    lineage: Mapping[str, Any] = field(default_factory=dict)


class Models(Protocol):
    def register(self, name: str, artifact: Path, lineage: Mapping[str, Any]) -> Model:
        """Store an artifact folder under the next version; the same digest again finds the version it has."""
        ...

    def get(self, reference: str) -> Model:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version. Raises Misuse."""
        ...

    def list(self) -> tuple[Model, ...]: ...

    def fetch(self, reference: str, to: Path) -> None:
        """Copy the artifact. Raises Failure when the stored bytes no longer have the model's digest."""
        ...


@dataclass(frozen=True)
class Platform:
    """All that an environment offers."""

    jobs: Jobs
    models: Models
