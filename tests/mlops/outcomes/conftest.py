"""A place for outcomes, and a short way to write and add a file of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from mlops.contract.types import Column
from mlops.outcomes import ids, store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FLAG = Column("eligible", "flag", "label")
HEADS = "request_id,outcome,time,decision"


@dataclass
class Desk:
    """`add` takes the lines of a CSV file; `answers` are what counts, by the ids of the requests."""

    path: Path
    label: Column = FLAG
    now: datetime = NOW
    files: list[Path] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.path / ".mlops"

    @property
    def folder(self) -> Path:
        return self.state / "outcomes"

    @property
    def key(self) -> bytes:
        return (self.state / "keys" / "outcomes").read_bytes()

    def csv(self, *lines: str, heads: str = HEADS) -> Path:
        self.files.append(self.path / f"{len(self.files)}.csv")
        self.files[-1].write_text("\n".join((heads, *lines)) + "\n")
        return self.files[-1]

    def file(self, path: Path, days: int = 30) -> dict[str, int]:
        return store.add(self.state, path, self.label, self.now, self.now - timedelta(days=days))

    def add(self, *lines: str, heads: str = HEADS, days: int = 30) -> dict[str, int]:
        return self.file(self.csv(*lines, heads=heads), days)

    def answers(self, requests: Sequence[str]) -> dict[str, tuple]:
        """(outcome, observed, decision) by request, of those that are stored."""
        hashes = {ids.hashed(request, self.key): request for request in requests}
        found = store.read(self.folder).select("id", "outcome", "observed", "decision").rows()
        return {hashes[id]: tuple(rest) for id, *rest in found}

    def log(self, *requests: str) -> pl.DataFrame:
        """An inference log of predictions for these requests."""
        return pl.DataFrame({"id": [ids.hashed(request, self.key) for request in requests], "score": 0.5})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
