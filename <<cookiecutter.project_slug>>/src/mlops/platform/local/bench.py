"""What the nodes of a run share, and what is said of each at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.platform.base import State
from mlops.platform.local.cache import Cache, Made
from mlops.platform.local.index import Index
from mlops.platform.local.process import Processes
from mlops.platform.local.runs import Runs
from mlops.platform.local.snapshot import Snapshot, Source
from mlops.platform.local.tracking import Tracking


@dataclass(frozen=True)
class Outcome:
    """How a node ended. `made` is there for a node whose outputs others may read; `record` goes into the run's."""

    node: str
    state: State
    seconds: float
    status: int = 0
    detail: str = ""
    made: Made | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Frozen:
    """What the nodes of a run read, as it was when the run was opened; `environment` and `assets` are digests."""

    environment: str
    snapshots: Mapping[Source, Snapshot]
    assets: Mapping[Path, str]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all nodes of a run share. `root` is the state folder, under a name that a shell takes unquoted."""

    run: str
    experiment: str
    fresh: bool
    state: Path
    root: Path
    runs: Runs
    index: Index
    cache: Cache
    tracking: Tracking
    processes: Processes
    frozen: Frozen
