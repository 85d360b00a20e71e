"""One model behind every adapter: rows that were read go in, an answer for each comes out."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np

from mlops.contract.types import Column, Columns, Contract
from mlops.errors import Failure, Misuse
from mlops.serving.request import Reader, example

Answers = list[dict[str, Any]]
GROUPS = {"score": "scores", "reason": "reasons"}
"""Columns named `score.LABEL` and `reason.FEATURE` become objects of this name."""


class Scorer:
    """A contract, its `reader`, and a predictor of the model package."""

    def __init__(self, contract: Contract, predictor: Any, max_rows: int = 1000) -> None:
        self.contract, self.predictor = contract, predictor
        self.reader, self.label = Reader(contract, max_rows), contract.one("label")

    @classmethod
    def load(cls, package: str, folder: Path, max_rows: int = 1000) -> Self:
        """The model package and the artifact in a folder.

        Raises Misuse when they are not there or do not fit, Failure when the model does not answer a row that its
        contract allows.
        """
        try:
            contract = import_module(f"{package}.contract").ROW
            predictor = import_module(f"{package}.predict").Predictor.load(folder)
        except (ModuleNotFoundError, OSError, ValueError) as error:
            raise Misuse(f"cannot be served with the package '{package}': {error}.", folder) from error
        scorer = cls(contract, predictor, max_rows)
        first = msgspec.json.encode({"rows": [example(contract)], "reasons": hasattr(predictor, "explain")})
        if isinstance(given := scorer.answer([scorer.reader.read(first)])[0], Exception):
            raise Failure(f"does not answer {first.decode()}: {given}. Its package is '{package}'.", folder) from given
        return scorer

    def work(self, request: Any) -> int:
        """How many predictions a request takes: reasons cost about one more for each feature."""
        return len(request.rows) * (1 + request.reasons * len(self.contract.features))

    def answer(self, requests: Sequence[Any]) -> list[Answers | Exception]:
        """The answers to each request, all predicted at once; where that fails, each alone, or why it has none."""
        try:
            rows = [row for request in requests for row in request.rows]
            given = iter(self._answers(rows, "predict"))
            found: list[Answers | Exception] = [[next(given) for _ in request.rows] for request in requests]
        except Exception as error:
            return [error] if len(requests) == 1 else [self.answer([request])[0] for request in requests]
        for place, request in enumerate(requests):
            if request.reasons:
                found[place] = self._explained(found[place], request.rows)
        return found

    def _explained(self, given: Any, rows: Sequence[Any]) -> Answers | Exception:
        try:
            return [{**answer, **why} for answer, why in zip(given, self._answers(rows, "explain"), strict=True)]
        except Exception as error:
            return error

    def _answers(self, rows: Sequence[Any], method: str) -> Answers:
        found = answers(getattr(self.predictor, method)(self.reader.columns(rows)), self.label)
        if len(found) != len(rows):
            raise ValueError(f"the model gave {len(found)} answers to {len(rows)} rows")
        return found


def answers(outputs: Columns, label: Column | None) -> Answers:
    """One answer a row: `score`, `value`, `decision`, `label`, `scores`, `reasons`, as far as the model has them.

    Raises ValueError for a number that is not finite, KeyError for a label that the contract does not have.
    """
    flat: dict[str, list[Any]] = {}
    grouped: dict[str, dict[str, list[Any]]] = {}
    for name, values in outputs.items():
        if not np.isfinite(values).all():
            raise ValueError(f"the model answers {name} with a number that is not finite")
        group, dot, rest = name.partition(".")
        target = grouped.setdefault(GROUPS[group], {}) if dot else flat
        target[rest or name] = [*map(_words(label), values.tolist())] if name == "label" else values.tolist()
    for group, columns in grouped.items():
        flat[group] = _rows(columns)
    return _rows(flat)


def _rows(columns: Mapping[str, list[Any]]) -> Answers:
    pairs = (zip(repeat(name), values) for name, values in columns.items())
    return [*map(dict, zip(*pairs, strict=True))]


def _words(label: Column | None) -> Callable[[int], Any]:
    """What a label's code stands for."""
    if label and label.categories:
        return dict(enumerate(label.categories)).__getitem__
    return bool if label and label.dtype == "flag" else lambda value: value
