import json
from pathlib import Path
from typing import Self

import numpy as np

from mlops.api import Columns

from .features import features


class Predictor:
    def __init__(self, coefficients: dict[str, float]) -> None:
        self.coefficients = coefficients

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(json.loads((Path(folder) / "model.json").read_text()))

    def predict(self, columns: Columns) -> Columns:
        return {"value": np.sum(list(self._parts(columns).values()), axis=0)}

    def explain(self, columns: Columns) -> Columns:
        return {f"reason.{name}": part for name, part in self._parts(columns).items() if name != "one"}

    def _parts(self, columns: Columns) -> Columns:
        inputs = {"one": np.ones(len(columns["area"])), **features(columns)}
        return {name: inputs[name] * coefficient for name, coefficient in self.coefficients.items()}
