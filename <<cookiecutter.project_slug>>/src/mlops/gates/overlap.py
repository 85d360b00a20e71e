"""Rows that the model learnt from prove nothing: none of them may be among the test rows."""

from collections.abc import Iterator, Mapping

import polars as pl

from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits
from mlops.words import counted

id, stage = "overlap", "model"

MEND = "The step prepare splits by the features, one row for each id: let it write train.parquet and test.parquet."


def measure(context: Context) -> Mapping[str, int]:
    """Test rows that agree with a training row, by what they agree in."""
    key = context.row.one("id")
    test, train = (
        pl.scan_parquet(context.files["rows"] / f"{part}.parquet").fill_nan(None) for part in ("test", "train")
    )
    names = {"features": [column.name for column in context.row.features]} | ({"id": [key.name]} if key else {})
    return {subject: _shared(test, train, columns) for subject, columns in names.items()}


def check(measured: Mapping[str, int], limits: Limits) -> Iterator[Verdict]:
    for subject, count in measured.items():
        why = f"{counted(count, 'test row')} with the {subject} of a training row; none is allowed."
        yield Verdict(id, subject, count, 0, not count, why, MEND)


def _shared(test: pl.LazyFrame, train: pl.LazyFrame, columns: list[str]) -> int:
    shared = test.join(train, on=columns, how="semi", nulls_equal=True)
    return shared.select(pl.len()).collect(engine="streaming").item()
