"""How the model and its baselines learn, and the artifact that they are exported to."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from mlops.api import NULL, UNSEEN, Columns

from .contract import ROW
from .evaluate import METRICS, curve
from .features import features
from .learners import Array, Estimator, Fit, Params, boosting, regression
from .mitigation import reweighed
from .predict import Matrix, Predictor, categories, matrix, session

FOLDS = 5
TOLERANCE = 1e-6
SAMPLE = 1000


@dataclass(frozen=True)
class Model:
    """What export needs: the estimator, the columns it learnt from, the operating threshold and the reason for it.

    `facts` are figures for the run's log: the metrics out of fold, and the threshold.
    """

    estimator: Estimator
    x: Columns
    threshold: float
    reason: str
    facts: dict[str, float]

    def predict(self, columns: Columns) -> Columns:
        """What the exported model must answer: the gate parity compares the two."""
        x = features(columns)
        scores = self.estimator.scores(matrix(x, list(self.x)))
        return {"score": scores, "decision": (scores >= self.threshold).astype(np.int8)}


def train(x: Columns, y: Array, weight: Array, groups: Columns, params: Mapping[str, str], seed: int) -> Model:
    """Boosted trees on the columns that `features` makes.

    `y` is 0 or 1, `weight` counts each row. `groups`, the sensitive columns, decide how much each row teaches when the
    mitigation is reweighing; the model never sees them. The result depends on rows, parameters and seed, not on the
    number of threads. Raises ValueError for wrong parameters.
    """
    chosen = Params.parse(params)
    mitigated = chosen.mitigation == "reweighing"
    teaching = reweighed(y, weight, groups, chosen.mitigation_strength) if mitigated else weight
    return learn(boosting(categorical(x), chosen, seed), x, y, weight, teaching, chosen, seed)


def logistic(x: Columns, y: Array, weight: Array, groups: Columns, params: Mapping[str, str], seed: int) -> Model:
    """A baseline: logistic regression on scaled numbers and an indicator for each category."""
    return learn(regression(categorical(x)), x, y, weight, weight, Params.parse(params), seed)


def majority(x: Columns, y: Array, weight: Array, groups: Columns, params: Mapping[str, str], seed: int) -> Model:
    """A baseline: the share of the eligible as everyone's score, from a tree that may not split."""
    bare = replace(Params.parse(params), learning_rate=1.0, num_leaves=2, rounds=1, min_leaf=len(y) + 1)
    stump = boosting(categorical(x), bare, seed)(matrix(x, list(x)), y, weight)
    return Model(stump, x, 0.5, "All are proposed or nobody is, whichever is right more often.", {})


BASELINES: Mapping[str, Callable[..., Model]] = {"majority": majority, "logistic": logistic}


def learn(fit: Fit, x: Columns, y: Array, weight: Array, teaching: Array, params: Params, seed: int) -> Model:
    """Fit on all rows, and choose the threshold on scores of rows that the scoring model had not seen.

    `weight` counts the rows where the model is judged, `teaching` where it learns.
    The fits run side by side on one thread each: the same result on any number of cores, and none waits for another.
    """
    rows = matrix(x, list(x))
    fold, scores = folds(rows, seed), np.empty(len(y))
    parts = [fold != number for number in range(FOLDS)]
    with threadpool_limits(1), ThreadPoolExecutor() as pool:
        whole = pool.submit(fit, rows, y, teaching)
        others = [pool.submit(fit, rows[seen], y[seen], teaching[seen]) for seen in parts]
        for seen, other in zip(parts, others, strict=True):
            scores[~seen] = other.result().scores(rows[~seen])
    threshold, reason = operate(y, scores, weight, params.min_precision)
    predictions = {"score": scores, "decision": (scores >= threshold).astype(np.int8)}
    facts = {f"oof_{name}": metric(y, predictions, weight) for name, metric in METRICS.items()}
    return Model(whole.result(), x, threshold, reason, {**facts, "threshold": threshold})


def folds(rows: Matrix, seed: int) -> Array:
    """A fold for each row, by seed; equal rows share one, wherever they stand."""
    _, same = np.unique(rows, axis=0, return_inverse=True)
    return np.random.default_rng(seed).permutation(len(rows))[same] % FOLDS


def operate(y: Array, scores: Array, weight: Array, min_precision: float) -> tuple[float, str]:
    """The operating threshold, and why it is that one."""
    found, others = curve(y, scores, weight)
    precision = found[1:] / (found + others)[1:]
    enough = np.flatnonzero(precision >= min_precision)
    place = enough[-1] if len(enough) else int(np.argmax(precision))
    why = (
        f"The lowest threshold at which at least {min_precision:.1%} of the applications proposed are eligible"
        if len(enough)
        else f"No threshold reaches a precision of {min_precision:.1%}; this one comes nearest"
    )
    share = found[place + 1] / found[-1]
    reason = f"{why}: {precision[place]:.1%} out of fold, with {share:.1%} of the eligible proposed."
    return float(np.unique(scores)[::-1][place]), reason


def export(model: Model, folder: Path) -> None:
    """Write `model.onnx` and `model.json`; the same model gives the same bytes.

    Raises ValueError, and writes nothing, when the scores of the exported model and of the trained one differ by more
    than 1e-6 on training rows, or on such rows with nulls and unseen categories in them.
    """
    onnx = model.estimator.onnx(len(model.x))
    sample = {name: values[:: -(-len(values) // SAMPLE)] for name, values in model.x.items()}
    facts = {
        "columns": list(model.x),
        "categories": categories(),
        "threshold": model.threshold,
        "reason": model.reason,
        "typical": {column.name: typical(model.x[column.name]) for column in ROW.features},
        "facts": model.facts,
    }
    predictor = Predictor(session(onnx), facts)
    check_parity(model.estimator, predictor, sample)
    facts["importance"] = {
        name.removeprefix("reason."): float(np.abs(reason).mean()) for name, reason in predictor.explain(sample).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx)
    (folder / "model.json").write_text(json.dumps(facts, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def check_parity(estimator: Estimator, predictor: Predictor, sample: Columns) -> None:
    """Raise ValueError when the predictor scores the sample, whole or with values taken away, unlike the estimator."""
    for rows_where, columns in [("as they are", sample), *without(sample)]:
        rows = matrix(columns, list(columns))
        difference = np.abs(predictor.scores(rows) - estimator.scores(rows)).max()
        if not difference <= TOLERANCE:
            raise ValueError(
                f"on rows {rows_where} exported and trained model differ by up to {difference:.1e} in their scores, "
                f"more than {TOLERANCE:.0e}: ONNX does not say what was learnt. Where only missing values differ, fill "
                "them in as a part of the estimator; otherwise see what changed in learners.py."
            )


def without(sample: Columns) -> Iterator[tuple[str, Columns]]:
    """The sample with one column null, or of an unseen category, in turn, and which that is."""
    for name, values in sample.items():
        for hole, what in ((NULL, "null"), (UNSEEN, "unseen")) if values.dtype.kind == "i" else ((np.nan, "null"),):
            yield f"where {name} is {what}", {**sample, name: np.full_like(values, hole)}


def typical(values: Array) -> float:
    """The median of numbers, the most frequent category."""
    if values.dtype.kind == "f":
        return float(np.nanmedian(values))
    return int(np.bincount(values[values >= 0]).argmax())


def categorical(x: Columns) -> list[int]:
    """Where the categories and flags stand in the matrix."""
    return [place for place, values in enumerate(x.values()) if values.dtype.kind == "i"]
