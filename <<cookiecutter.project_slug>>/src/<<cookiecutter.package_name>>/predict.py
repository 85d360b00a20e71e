"""Predictions from an exported model, with numpy and onnxruntime alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime

from mlops.api import Columns

from .contract import ROW
from .features import features

Matrix = np.ndarray
"""float32, one row a row, one column a feature; codes of categories keep -1 (null) and -2 (unseen)."""

SURE = 1e-7


def matrix(x: Columns, names: Sequence[str]) -> Matrix:
    """The named columns side by side."""
    rows = np.empty((len(x[names[0]]), len(names)), np.float32)
    for place, name in enumerate(names):
        rows[:, place] = x[name]
    return rows


def log_odds(scores: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), kept finite where p is 0 or 1."""
    p = np.clip(scores, SURE, 1 - SURE)
    return np.log(p / (1 - p))


def categories() -> dict[str, list[str]]:
    """The categories of each feature of the contract, in the order that gives them their codes."""
    return {column.name: list(column.categories) for column in ROW.features if column.categories}


def session(onnx: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Runs an ONNX model, without a word on the terminal."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Predictor:
    """An exported model: `facts` is its `model.json`, `session` runs its `model.onnx`."""

    session: onnxruntime.InferenceSession
    facts: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> Self:
        """Read the folder that `train.export` wrote.

        Raises ValueError when the contract gives other codes to the categories than when the model was trained.
        """
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        then, now = facts["categories"], categories()
        if changed := sorted(name for name in {*then, *now} if then.get(name) != now.get(name)):
            raise ValueError(
                f"the model in {folder} was trained with other categories of {', '.join(changed)} than contract.py "
                "has now: train it again, or take the contract back."
            )
        return cls(session((folder / "model.onnx").read_bytes(), threads), facts)

    def predict(self, columns: Columns) -> Columns:
        """For each row `score`, the probability of being eligible, and `decision`, 1 to open the file early.

        `columns` are the features of `contract.ROW`; others among them change nothing.
        """
        scores = self.scores(matrix(features(columns), self.facts["columns"]))
        return {"score": scores, "decision": (scores >= self.facts["threshold"]).astype(np.int8)}

    def explain(self, columns: Columns) -> Columns:
        """How far each value moves the log-odds of the score away from those with a typical value in its place.

        `reason.NAME` is positive where the value speaks for eligible. Typical is the median or the most frequent
        category of the training rows. One value is replaced at a time: what two say only together is not shared out
        between them, so the reasons need not add up, and of two that say the same each may show little.
        """
        here, reasons = log_odds(self.predict(columns)["score"]), {}
        for name, typical in self.facts["typical"].items():
            there = self.predict({**columns, name: np.full_like(columns[name], typical)})
            reasons[f"reason.{name}"] = here - log_odds(there["score"])
        return reasons

    def scores(self, rows: Matrix) -> np.ndarray:
        """The probability of being eligible for each row of the matrix."""
        (both,) = self.session.run(["probabilities"], {"rows": rows})
        return np.asarray(both, np.float64)[:, 1]
