"""A model of three columns on made-up rows, to be judged in a context of small files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlops.contract.synthetic import rows
from mlops.contract.types import Column, Columns, Contract
from mlops.gates.base import Context
from tests.support.judged import predicting

ROW = Contract(
    Column("id", "text", "id"),
    Column("age", "number", unit="years", range=(18, 90)),
    Column("income", "number", nullable=True),
    Column("job", "category", categories=("clerk", "cook", "none"), nullable=True, unseen="accept"),
    Column("sex", "category", "context", categories=("f", "m"), sensitive=True),
    Column("good", "flag", "label"),
)


def score(columns: Columns) -> np.ndarray:
    """Leans on the three features about equally; nulls and unseen categories count for nothing."""
    age = (columns["age"] - 54) / 20
    income = np.nan_to_num(np.clip(columns["income"], -2000, 2000)) / 600
    return 1 / (1 + np.exp(-(age + income + (columns["job"] == 1) - 0.3)))


def predict(columns: Columns) -> Columns:
    scores = score(columns)
    return {"score": scores, "decision": (scores >= 0.5).astype(np.int8)}


def context(folder: Path, predict: Callable[[Columns], Columns] = predict, row: Contract = ROW, **more: Any) -> Context:
    """The gate step's context, in which the artifact predicts like that."""
    return replace(predicting(folder, row, rows(row, 400), predict), **more)
