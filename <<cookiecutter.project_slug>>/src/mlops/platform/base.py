"""Where things run, as protocols: the laptop and Azure ML implement the same ones."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlops.platform.endpoint import Endpoint
from mlops.specs.types import Job

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

State = Literal["started", "reused", "finished", "refused", "unreadable", "failed", "cancelled", "skipped"]
STATES: Mapping[int, State] = {0: "finished", 1: "refused", 2: "unreadable", 3: "failed", 130: "cancelled"}
"""How a run ended, by its exit status."""
REFUSALS = {"verdict": 1, "input": 2}
"""The exit status of a step by its tag `mlops.refused`."""


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
    """A bound job and how a person wants it run: `fresh` reuses nothing; `reason` is why (`-m`).

    `about` is what `mlops.yaml` says of each source, for the versions of data that the run keeps.
    """

    job: Job
    fresh: bool = False
    reason: str = ""
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Jobs(Protocol):
    def submit(self, submission: Submission) -> str:
        """Open the run; returns its id. Raises Misuse when it cannot start (another run holds the project)."""

    def follow(self, run: str) -> Generator[Event, None, None]:
        """Events until the run has ended. Locally this is what drives it: closing it cancels the run.

        In Azure ML the run goes on without it, and may be followed again.
        """

    def find(self, reference: str) -> str:
        """The id of the run that a prefix of an id, or `last`, names. Raises Misuse."""

    def fetch(self, run: str, output: str, to: Path) -> None:
        """Copy a job output (`model`) or a node's output (`train.model`) of a run to a place that is not there yet.

        Raises Misuse when there is no such output, Failure when its bytes are no longer what the node wrote.
        """

    def describe(self, run: str) -> Mapping[str, Any]:
        """Record of a run: status, reason, digests of code, data and environment, parameters, nodes, notes."""

    def list(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[str, ...]]:
        """The records of all runs, newest first, and a sentence for each that cannot be read."""

    def cancel(self, run: str) -> None:
        """End a run that goes on by itself. Raises Misuse for one that has ended, or that its own process drives."""

    def note(self, run: str, text: str) -> None:
        """Add a sentence to a run, for everybody who looks at it. Raises Misuse when the run is gone."""

    def restore(self, run: str, to: Path) -> Path:
        """Write the code as it was at the run to a place that is not there yet; returns the project's folder in it.

        Raises Misuse when the place is taken, Failure when what is stored no longer gives the recorded digest.
        """


@dataclass(frozen=True)
class Model:
    """A registered model. `digest` (sha256 of the artifact folder) is its identity, the integer version its handle."""

    name: str
    version: int
    digest: str
    lineage: Mapping[str, Any] = field(default_factory=dict)


class Models(Protocol):
    def register(
        self, name: str, artifact: Path, lineage: Mapping[str, Any], statement: bytes, mlflow: Path | None = None
    ) -> Model:
        """Store an artifact folder under the next version, with its build statement, and as MLflow has models.

        The same digest again finds the version it has, which keeps its first statement.
        """

    def statement(self, reference: str) -> bytes:
        """The build statement. Raises Failure when it is gone."""

    def get(self, reference: str) -> Model:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version. Raises Misuse."""

    def list(self) -> tuple[Model, ...]: ...

    def content(self, reference: str) -> Path:
        """Where the artifact is kept, to read only. Raises Failure when it is gone."""

    def fetch(self, reference: str, to: Path) -> None:
        """Copy the artifact. Raises Failure when the stored bytes no longer have the model's digest."""

    def share(self, reference: str) -> Model:
        """Copy it, and the image that serves it, to the organisation's registry: as it is there. Raises Misuse.

        What is there already is left as it is.
        """


@dataclass(frozen=True)
class DataVersion:
    """A file or folder that is kept as it was. `digest` is what `mlops.digest.of_path` gave for it.

    `added` is an ISO time in UTC; `about` is what `mlops.yaml` said of the source then.
    """

    name: str
    version: int
    digest: str
    bytes: int
    files: int
    added: str
    message: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.version}"


class Data(Protocol):
    """References are `name:2`, `name@DIGEST12`, or `name` for its latest version; one that names nothing is Misuse."""

    def add(self, name: str, path: Path, about: Mapping[str, Any] | None = None, message: str = "") -> DataVersion:
        """Keep a copy as the next version; the same bytes again find the version they have.

        Raises Misuse for what is empty, not there, or holds links.
        """

    def list(self) -> tuple[DataVersion, ...]: ...

    def get(self, reference: str) -> DataVersion: ...

    def content(self, reference: str) -> Path:
        """Where the bytes are kept, to read only. Raises Failure when they are gone."""

    def resolve(self, name: str, version: str) -> Path | None:
        """The content of `name:version`; None when nothing of that name is kept. Raises Misuse for another version."""

    def fetch(self, reference: str, to: Path) -> None:
        """Copy the bytes. Raises Failure when they changed, Misuse for a place that holds what is not kept here."""

    def verify(self, reference: str | None = None) -> tuple[str, ...]:
        """What is damaged, missing or foreign in a version, or in all that is kept; nothing when it is whole."""

    def named(self, digest: str) -> DataVersion | None:
        """The first version that has these bytes."""

    def profile(self, reference: str) -> Mapping[str, Any] | None:
        """What was noted about the columns of a version, if anything."""

    def keep_profile(self, reference: str, profile: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Entry:
    """A signed statement in the pages of an environment; they are numbered from 1."""

    environment: str
    number: int
    content: bytes


class Ledger(Protocol):
    """What was signed, one after another. Nothing in it is ever changed."""

    def append(self, environment: str, content: bytes) -> None: ...

    def read(self) -> tuple[Entry, ...]:
        """All entries, by environment and number."""

    def lease(self, environment: str) -> AbstractContextManager[None]:
        """Holds the right to act on what is released in an environment. Raises Busy while another holds it."""


@dataclass(frozen=True)
class Platform:
    """All that a place offers; `signer` opens the key that signs there, `on` is what `--on` calls it.

    `place` tells an environment from one of the same name that was removed before.
    """

    jobs: Jobs
    models: Models
    data: Data
    ledger: Ledger
    endpoint: Endpoint
    signer: "Callable[[], Signer]"
    on: str
    place: str = ""
