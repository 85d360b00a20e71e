"""What the nodes of a run share, and what is said of each at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.platform.base import Event
from mlops.platform.local.cache import Cache, Made
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Record, Runs
from mlops.platform.local.snapshot import Snapshot, Source
from mlops.platform.local.tracking import Tracking
from mlops.specs.types import Job


@dataclass(frozen=True)
class Outcome(Event):
    """How a node ended. `made` is there for a node whose outputs others may read; `record` goes into the run's."""

    made: Made | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """What the record of the run says of the node."""
        return {"state": self.state, "seconds": self.seconds, "detail": self.detail} | dict(self.record)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A run that is recorded, and what all of its nodes share.

    What they read from the project is as it was when the run was opened: code in `snapshots`, data by digest in
    `assets`. `environment` is a digest too. `root` is the state folder, under a name that a shell takes unquoted.
    """

    job: Job
    record: Record
    since: float
    fresh: bool
    state: Path
    root: Path
    runs: Runs
    index: Index
    cache: Cache
    tracking: Tracking
    processes: Processes
    environment: str
    snapshots: Mapping[Source, Snapshot]
    assets: Mapping[Path, str]

    @property
    def run(self) -> str:
        return self.record["run"]

    def note(self, outcome: Outcome) -> None:
        """Write into the record how a node ended."""
        assert outcome.node
        self.record["nodes"][outcome.node] = outcome.entry()
        self.runs.write(self.record)
