"""Predictions as `model.json` says: `seconds` for each, which share of them `throw`, once the first `calm` ones are
over, a `shift` of the score, or a model that `dies` at start, or `wakes` only after so many seconds."""

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Predictor:
    seconds: float = 0.0
    throw: float = 0.0
    calm: int = 20
    shift: float = 0.0
    dies: bool = False
    wakes: float = 0.0
    salt: int = 0

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> "Predictor":
        found = cls(**json.loads((folder / "model.json").read_text()))
        if found.dies:
            raise RuntimeError("this model dies at start")
        time.sleep(found.wakes)
        return found

    def predict(self, columns: dict) -> dict:
        time.sleep(self.seconds)
        self.calm -= 1
        if self.calm < 0 and random.random() < self.throw:
            raise RuntimeError("this model throws")
        score = np.clip(columns["age"] / 100 + self.shift, 0, 1)
        return {"score": score, "decision": (score >= 0.5).astype(np.int8)}

    def explain(self, columns: dict) -> dict:
        return {"reason.age": columns["age"] / 100}
