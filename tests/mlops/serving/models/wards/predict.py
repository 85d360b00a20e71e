import time
from pathlib import Path
from typing import Self

import numpy as np

from mlops.api import Columns


class Predictor:
    @classmethod
    def load(cls, folder: Path) -> Self:
        if (folder / "broken").exists():
            raise ValueError("was trained with other categories")
        return cls()

    def predict(self, columns: Columns) -> Columns:
        now = columns["age"] / 120
        for note in filter(None, columns["note"]):
            word, _, rest = note.partition(" ")
            if word == "sleep":
                time.sleep(float(rest))
            elif word == "throw":
                raise RuntimeError("the model cannot do this")
            elif word == "quote":
                raise ValueError(f"{rest} is not known")
            elif word == "nan":
                now = np.where(columns["note"] == note, np.nan, now)
        label = (now >= 0.5).astype(np.int32)
        return {"score.can wait": 1 - now, "score.now": now, "label": label, "decision": label.astype(np.int8)}

    def explain(self, columns: Columns) -> Columns:
        heat = np.nan_to_num(columns["heat"])
        return {"reason.age": columns["age"], "reason.heat": np.where(heat == 42, np.inf, heat)}
