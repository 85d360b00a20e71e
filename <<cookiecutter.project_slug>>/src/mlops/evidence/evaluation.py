"""What a run's output `evaluation` says: the figures, and the predictions row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlops.contract.types import Columns, Role
from mlops.errors import Misuse
from mlops.files import read_json
from mlops.platform.base import Jobs

NEEDED = {"metrics", "groups", "baselines", "outcome", "rows"}


@dataclass(frozen=True)
class Evaluation:
    """`metrics.json`, and the table of predictions where it is there too."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    rows: pl.DataFrame | None = None

    def one(self, role: Role) -> str | None:
        """The column with a role, among those kept with the predictions."""
        columns = self.figures.get("columns", {})
        return next((name for name, each in columns.items() if each["role"] == role), None)

    def arrays(self, rows: pl.DataFrame) -> tuple[np.ndarray, Columns, np.ndarray]:
        """Label, predictions by the names that the predictor gave them, and weight."""
        weight, start = self.one("weight"), "predicted."
        names = [name for name in rows.columns if name.startswith(start)]
        predictions = {name.removeprefix(start): rows[name].to_numpy() for name in names}
        weights = rows[weight].to_numpy() if weight else np.ones(len(rows))
        return rows[self.one("label") or ""].to_numpy(), predictions, weights


def evaluated(jobs: Jobs, run: str, scratch: Path) -> Evaluation:
    """What a run's output `evaluation` holds; nothing when there is none of that form."""
    folder = fetched(jobs, run, "evaluation", scratch)
    figures = read_json(folder / "metrics.json") if (folder / "metrics.json").is_file() else {}
    if not isinstance(figures, dict) or not figures.keys() >= NEEDED:
        return Evaluation()
    rows = folder / "predictions.parquet"
    return Evaluation(figures, pl.read_parquet(rows) if rows.is_file() else None)


def fetched(jobs: Jobs, run: str, output: str, scratch: Path) -> Path:
    """Where a copy of an output lies; nothing is there when the run has no such output."""
    try:
        jobs.fetch(run, output, scratch / run / output)
    except Misuse:
        return scratch / "none"
    return scratch / run / output
