import json
from pathlib import Path

import numpy as np

from mlops.api import Columns

from .contract import URGENCY
from .predict import Predictor


def train(x: Columns, y, weight, groups: Columns, params, seed: int) -> Predictor:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500).fit(np.column_stack(list(x.values())), y, sample_weight=weight)
    return Predictor(list(x), model.coef_, model.intercept_)


def shares(x: Columns, y, weight, groups: Columns, params, seed: int) -> Predictor:
    share = np.bincount(y, weights=weight, minlength=len(URGENCY)) / weight.sum()
    return Predictor([], np.empty((len(URGENCY), 0)), np.log(share))


def export(model: Predictor, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    learnt = {"inputs": model.inputs, "coef": model.coef.tolist(), "intercept": model.intercept.tolist()}
    (folder / "model.json").write_text(json.dumps(learnt, sort_keys=True))


BASELINES = {"shares": shares}
