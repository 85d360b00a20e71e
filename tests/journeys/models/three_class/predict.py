import json
from pathlib import Path
from typing import Self

import numpy as np

from mlops.api import Columns

from .contract import URGENCY
from .features import features


class Predictor:
    def __init__(self, inputs: list[str], coef: np.ndarray, intercept: np.ndarray) -> None:
        self.inputs, self.coef, self.intercept = inputs, coef, intercept

    @classmethod
    def load(cls, folder: Path) -> Self:
        learnt = json.loads((Path(folder) / "model.json").read_text())
        return cls(learnt["inputs"], np.array(learnt["coef"]), np.array(learnt["intercept"]))

    def predict(self, columns: Columns) -> Columns:
        logits = self._matrix(columns) @ self.coef.T + self.intercept
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        by_class = {f"score.{name}": scores[:, code] for code, name in enumerate(URGENCY)}
        return {**by_class, "label": scores.argmax(axis=1).astype(np.int32)}

    def explain(self, columns: Columns) -> Columns:
        parts = self._matrix(columns) * self.coef[-1]
        return {f"reason.{name}": parts[:, index] for index, name in enumerate(self.inputs)}

    def _matrix(self, columns: Columns) -> np.ndarray:
        made = features(columns)
        rows = len(columns["pages"])
        return np.column_stack([made[name] for name in self.inputs]) if self.inputs else np.empty((rows, 0))
