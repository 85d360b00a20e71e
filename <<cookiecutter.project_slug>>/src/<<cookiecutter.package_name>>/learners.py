"""What can be fitted: the hyper-parameters, boosted trees, a logistic regression, and how each is said in ONNX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Protocol, Self

import numpy as np

from .predict import Matrix

Array = np.ndarray

OPSET = 15
MITIGATIONS = ("none", "reweighing")


@dataclass(frozen=True)
class Params:
    """The hyper-parameters. Their values stand in `azureml/pipelines/train.yml` and nowhere else."""

    learning_rate: float
    num_leaves: int
    rounds: int
    min_leaf: int
    """Rows in a leaf, at least."""
    min_precision: float
    """Share of the proposed applications that must be eligible: it sets the operating threshold."""
    mitigation: str
    """`none` or `reweighing`."""
    mitigation_strength: float
    """How much of the reweighing is done: 1 is all of it."""

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Typed from text. Raises ValueError, in words, for a parameter that is unknown, missing or out of range."""
        kinds = {field.name: field.type for field in fields(cls)}
        if unknown := sorted(set(given) - set(kinds)):
            raise ValueError(f"unknown parameter {', '.join(unknown)}: the model takes {', '.join(kinds)}.")
        if missing := [name for name in kinds if name not in given]:
            raise ValueError(
                f"parameter {', '.join(missing)} is missing: azureml/pipelines/train.yml gives the values."
            )
        typed = {name: positive(name, given[name], kind is int) for name, kind in kinds.items() if kind is not str}
        for name in ("min_precision", "mitigation_strength"):
            if typed[name] > 1:
                raise ValueError(f"parameter {name} is {typed[name]}: it is a share, so at most 1.")
        params = cls(**typed, mitigation=given["mitigation"])
        if params.mitigation not in MITIGATIONS:
            raise ValueError(f"parameter mitigation is {params.mitigation!r}: it must be {' or '.join(MITIGATIONS)}.")
        return params


def positive(name: str, text: str, whole: bool) -> Any:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = 0
    if not (isfinite(value) and value > 0):
        raise ValueError(f"parameter {name} is {text!r}: it must be a positive {'whole ' if whole else ''}number.")
    return value


class Estimator(Protocol):
    """What was fitted. `scores` are probabilities of being eligible.

    `onnx` is a model that gives both classes' `probabilities` for an input `rows` with `width` columns.
    """

    def scores(self, rows: Matrix) -> Array: ...
    def onnx(self, width: int) -> bytes: ...


Fit = Callable[[Matrix, Array, Array], Estimator]


def boosting(coded: list[int], params: Params, seed: int) -> Fit:
    """Fits gradient boosted trees. A negative code of a category is missing to them."""
    import lightgbm

    settings = {
        "objective": "binary",
        "learning_rate": params.learning_rate,
        "num_leaves": params.num_leaves,
        "min_data_in_leaf": params.min_leaf,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }

    def fit(rows: Matrix, y: Array, weight: Array) -> Trees:
        known = rows.copy()
        known[:, coded] = np.where(rows[:, coded] < 0, np.nan, rows[:, coded])
        data = lightgbm.Dataset(known, y, weight=weight, categorical_feature=coded, params=settings)
        return Trees(lightgbm.train(settings, data, params.rounds))

    return fit


def regression(coded: list[int]) -> Fit:
    """Fits a logistic regression. A negative code of a category has no indicator."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    def fit(rows: Matrix, y: Array, weight: Array) -> Linear:
        numbers = [place for place in range(rows.shape[1]) if place not in coded]
        codes = [np.unique(rows[rows[:, place] >= 0, place]) for place in coded]
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=False), coded),
        )
        pipeline = make_pipeline(columns, LogisticRegression(solver="newton-cholesky"))
        return Linear(pipeline.fit(rows, y, logisticregression__sample_weight=weight))

    return fit


@dataclass(frozen=True)
class Trees:
    booster: Any

    def scores(self, rows: Matrix) -> Array:
        return self.booster.predict(rows, num_threads=1)

    def onnx(self, width: int) -> bytes:
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        inputs = [("rows", FloatTensorType([None, width]))]
        model = convert_lightgbm(self.booster, "model", inputs, target_opset=OPSET, zipmap=False)
        return bytes_of(model)


@dataclass(frozen=True)
class Linear:
    pipeline: Any

    def scores(self, rows: Matrix) -> Array:
        return self.pipeline.predict_proba(rows)[:, 1]

    def onnx(self, width: int) -> bytes:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType

        inputs = [("rows", FloatTensorType([None, width]))]
        model = convert_sklearn(self.pipeline, "model", inputs, target_opset=OPSET, options={"zipmap": False})
        return bytes_of(model)


def bytes_of(model: Any) -> bytes:
    """The same bytes in every process: the converters list the operator sets in the order of a Python set."""
    versions = sorted(model.opset_import, key=lambda version: version.domain)
    del model.opset_import[:]
    model.opset_import.extend(versions)
    return model.SerializeToString(deterministic=True)
