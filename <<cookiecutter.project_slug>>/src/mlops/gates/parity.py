"""What is served must predict as what was trained, and a row alone as a row among others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlops.contract.types import Column, Columns
from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.gates.predictions import Difference, Predict, difference, holed, some_of, worst
from mlops.sections import Share

id, stage = "parity", "model"

ROWS, PARTS = 500, (1, 7, 64)

EXPORTED, PARTED = "trained and exported", "alone and in a batch"
MENDS = {
    EXPORTED: "The artifact does not say what was learnt: see what export() writes, for missing values first.",
    PARTED: "A prediction may depend on its own row only: see what features.py and predict.py take from other rows.",
}
ABSENT = "Give what train() returns a method predict(columns) that answers as Predictor.predict does."


class Limits(limits.Limits):
    most_apart: Share = 1e-5
    """The most that a figure may differ, as a share of the range of all rows' figures: room for another precision."""
    most_flips: Share = 0.001
    """The greatest share of rows that may be decided otherwise: those whose figure lies on the threshold."""


def measure(context: Context) -> Mapping[str, Difference | None]:
    """By what is compared; what the step train found out while it had the trained model."""
    facts = context.evaluation["training"].get("parity")
    x, predict = some_of(context.rows("test").x, ROWS), context.predictor.predict
    whole = predict(x)
    parted = worst(difference(in_parts(predict, x, size), whole, f"in parts of {size}") for size in PARTS)
    return {EXPORTED: Difference(**facts) if facts else None, PARTED: parted}


def check(measured: Mapping[str, Difference | None], limits: Limits) -> Iterator[Verdict]:
    for subject, found in measured.items():
        if found is None:
            yield Verdict(id, subject, None, limits.most_apart, False, f"{subject} were not compared.", ABSENT)
            continue
        passed = found.within(limits.most_apart, limits.most_flips)
        why = f"{subject}: {found}; at most {limits.most_apart:.0e} and {limits.most_flips:.1%} are allowed."
        yield Verdict(id, subject, found.apart, limits.most_apart, passed, why, MENDS[subject])


def exported(trained: Any, predictor: Any, x: Columns, features: Sequence[Column]) -> Difference | None:
    """The most that the predictor differs from the trained model, on rows as they are and on rows with holes.

    None where the trained model has no `predict`.
    """
    if not hasattr(trained, "predict"):
        return None
    some = some_of(x, ROWS)
    rows = [("as they are", some), *holed(some, features)]
    return worst(difference(predictor.predict(each), trained.predict(each), where) for where, each in rows)


def in_parts(predict: Predict, x: Columns, size: int) -> Columns:
    """Predictions of so many rows at a time, put together again."""
    rows = len(next(iter(x.values())))
    parts = [{name: values[place : place + size] for name, values in x.items()} for place in range(0, rows, size)]
    said = [predict(part) for part in parts]
    return {name: np.concatenate([each[name] for each in said]) for name in set.intersection(*map(set, said))}
