"""Scoring one piece of a table: the same code for `mlops score` and for each node of a parallel job."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from mlops import carried, digest
from mlops.batch.pieces import Piece
from mlops.contract import validate
from mlops.contract.encode import encode
from mlops.contract.read import scan
from mlops.contract.types import Column, Columns, Contract
from mlops.errors import Misuse
from mlops.files import replacing
from mlops.platform.base import Models
from mlops.steps.package import Package, speaking

SCORED, BAD = "scored", "bad"
"""Folders of an output: rows with their predictions, and rows that break the contract with the reason."""


@dataclass(frozen=True)
class TableScorer:
    """A model with the contract of its rows; `model` is the reference that each scored row carries."""

    predictor: Any
    row: Contract
    model: str
    digest: str

    @classmethod
    @contextmanager
    def registered(cls, models: Models, reference: str) -> Iterator[Self]:
        found = models.get(reference)
        exact = f"{found.name}:{found.version}"
        with carried.registered(models, exact) as (code, artifact):
            yield cls._load(code, artifact, exact, found.digest)

    @classmethod
    @contextmanager
    def of_folder(cls, model: Path, name: str) -> Iterator[Self]:
        """Of a model that a job is given as a folder: its digest says which one it is."""
        whole = digest.of_folder(artifact := carried.artifact(model))
        with carried.package(artifact) as code:
            yield cls._load(code, artifact, f"{name}@{whole[:12]}", whole)

    @classmethod
    def _load(cls, code: Package, artifact: Path, *said: str) -> Self:
        with speaking("predict.py", Misuse):
            return cls(code.predict.Predictor.load(artifact), code.contract.ROW, *said)

    @cached_property
    def asked(self) -> Contract:
        """What a table must have: the features and, where rows have one, the id."""
        return Contract(*(column for column in self.row if column.role in ("feature", "id")))

    def unread(self, file: Path) -> list[str]:
        """Columns of a file that are not read. Raises Misuse where one that must be there is not or cannot be read."""
        found = list(validate.columns(scan(file).collect_schema(), self.asked))
        if wrong := [f"{each.column}: {each.what}" for each in found if each.check != "unexpected"]:
            raise Misuse(f"{'; '.join(wrong)}. Correct the table: nothing of it was scored.", file)
        return [each.column for each in found]

    def score(self, piece: Piece) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows with their predictions, and rows that break the contract with `reason`; every row is in one of them.

        Both have `id`, `file` and `row`, of which the first is 1.
        """
        frame = piece.read([column.name for column in self.asked])
        readable = validate.readable(frame.schema, self.asked)
        rules = [rule for column in self.asked for rule in validate.rules(column, readable)]
        broken = frame.select(pl.any_horizontal(rule.broken for rule in rules).fill_null(False)).to_series()
        id = self.row.one("id")
        named = frame.select(
            id=pl.col(id.name).cast(pl.String) if id else pl.lit(None, pl.String),
            file=pl.lit(piece.source),
            row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + piece.start,
        )
        said = ((rule.broken, f"{rule.column.name}: {rule.what.removeprefix('that ')}") for rule in rules)
        reasons = (pl.when(so).then(pl.lit(what)) for so, what in said)
        why = frame.filter(broken).select(reason=pl.concat_str(*reasons, separator="; ", ignore_nulls=True))
        bad, good = named.filter(broken).hstack(why), frame.filter(~broken)
        if good.is_empty():
            return named.clear(), bad
        predicted = self.predict(encode(good, self.row.features))
        columns = ("id", *predicted.columns, "model", "file", "row")
        scored = named.filter(~broken).hstack(predicted).with_columns(model=pl.lit(self.model)).select(columns)
        finite = predicted.select(pl.all_horizontal(pl.selectors.float().is_finite(), True)).to_series()
        odd = scored.filter(~finite).select(*named.columns, reason=pl.lit("the model gave no finite number"))
        return scored.filter(finite), pl.concat([bad, odd]).sort("row")

    def predict(self, columns: Columns) -> pl.DataFrame:
        """Predictions as a table, a label in its words.

        Rows that are alike are predicted one after the other: trees take a third less time for them.
        """
        values, label = [*columns.values()], self.row.one("label")
        order = np.lexsort([np.arange(len(values[0])), *(each for each in values if each.dtype != object)])
        found = self.predictor.predict({name: each[order] for name, each in columns.items()})
        back = np.argsort(order)
        table = pl.DataFrame({name: np.asarray(each)[back] for name, each in found.items()})
        return table.with_columns(words(label, pl.col("label"))) if label and "label" in table.columns else table

    def write(self, piece: Piece, to: Path) -> int:
        """Score a piece unless that is done; returns how many rows are bad.

        The scored rows get their name last: where it stands, all of the piece is done.
        """
        scored, bad = (to / kind / piece.name for kind in (SCORED, BAD))
        if not scored.exists() and height([bad]) < piece.rows:
            for file, rows in zip((bad, scored), reversed(self.score(piece)), strict=True):
                if len(rows):
                    with replacing(file) as draft:
                        rows.write_parquet(draft)
        return height([bad])


def words(label: Column, codes: pl.Expr) -> pl.Expr:
    """The classes that codes stand for; numbers stay numbers."""
    if label.dtype == "flag":
        return codes.cast(pl.Boolean)
    if label.dtype == "category":
        return codes.replace_strict(dict(enumerate(label.categories)), default=None, return_dtype=pl.String)
    return codes


def height(parts: Iterable[Path]) -> int:
    """How many rows there are in those parts that are there."""
    return sum(pl.scan_parquet(part).select(pl.len()).collect().item() for part in parts if part.exists())
