"""A batch of small pieces: rows of a contract, and a model of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlops.batch import job, pieces, ranked
from mlops.batch.scoring import BAD, SCORED, TableScorer
from mlops.contract import synthetic
from mlops.contract.types import Columns, Contract
from tests.mlops.release.conftest import closed as closed
from tests.mlops.release.conftest import person as person
from tests.mlops.release.conftest import shop as shop
from tests.support import small_model

PIECE = 100


@dataclass
class Model:
    """Predicts and explains as it is told."""

    predict: Callable[[Columns], Columns] = small_model.predict

    def explain(self, columns: Columns) -> Columns:
        return {f"reason.{name}": np.nan_to_num(columns[name].astype(float)) - 20 for name in ("age", "job")}


@dataclass
class Desk:
    """Scores files into folders below `path`."""

    path: Path

    def table(self, frame: pl.DataFrame, name: str = "rows.parquet") -> Path:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        (frame.write_csv if file.suffix == ".csv" else frame.write_parquet)(file)
        return file

    def rows(self, count: int, row: Contract = small_model.ROW) -> pl.DataFrame:
        return synthetic.rows(row, count)

    def score(
        self, source: Path, to: str = "out", top: int = 0, errors: float = 0.05, row: Contract = small_model.ROW,
        model: Any = None, digest: str = "d1",
    ) -> dict[str, Any]:  # fmt: skip
        """The summary."""
        scorer = TableScorer(model or Model(), row, "small:1", digest)
        return job.run(scorer, source, self.path / to, top, errors, lambda *_: None)

    def scored(self, to: str = "out") -> pl.DataFrame:
        return self._parts(to, SCORED)

    def bad(self, to: str = "out") -> pl.DataFrame:
        return self._parts(to, BAD)

    def _parts(self, to: str, kind: str) -> pl.DataFrame:
        return pl.concat(map(pl.read_parquet, sorted((self.path / to / kind).glob("*.parquet"))))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for module in (pieces, job, ranked):
        monkeypatch.setattr(module, "ROWS", PIECE)
    return Desk(tmp_path)
