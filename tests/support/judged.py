"""A context with test rows and predictions of one's own, for gates of stage model."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from mlops.contract.types import Columns, Contract
from mlops.gates.base import Context
from mlops.gates.limits import Limits


def predicting(
    folder: Path,
    row: Contract,
    frame: pl.DataFrame,
    predict: Callable[[Columns], Columns] | Mapping[str, np.ndarray],
    **limits: Limits,
) -> Context:
    """A model that predicts like that, or always the same, judged by limits of its own for the gates named."""
    for name in ("rows", "model"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "rows" / "test.parquet")
    predictor = SimpleNamespace(predict=predict if callable(predict) else lambda x: dict(predict))
    settings: Any = SimpleNamespace(limits=lambda gate, model: limits.get(gate) or model())
    package: Any = SimpleNamespace(predict=SimpleNamespace(Predictor=SimpleNamespace(load=lambda _: predictor)))
    files = {name: folder / name for name in ("rows", "model", "retrained")}
    return Context(settings=settings, contracts={}, row=row, package=package, files=files)
