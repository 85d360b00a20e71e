"""A context with test rows and predictions of one's own, for gates of stage model."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from mlops.contract.types import Columns, Contract
from mlops.gates.base import Context
from mlops.gates.limits import Limits


def predicting(
    folder: Path, row: Contract, frame: pl.DataFrame, predictions: Mapping[str, np.ndarray], **limits: Limits
) -> Context:
    """A model that gives these predictions for these rows, judged by limits of its own for the gates named."""
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "rows" / "test.parquet")

    class Predictor:
        @classmethod
        def load(cls, folder: Path) -> "Predictor":
            return cls()

        def predict(self, x: Columns) -> Columns:
            return dict(predictions)

    settings: Any = SimpleNamespace(limits=lambda gate, model: limits.get(gate) or model())
    package: Any = SimpleNamespace(predict=SimpleNamespace(Predictor=Predictor))
    files = {"rows": folder / "rows", "model": folder / "model"}
    return Context(settings=settings, contracts={}, row=row, package=package, files=files)
