"""A context of stage data: one source, and model rows made of it."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from mlops.contract.types import Contract
from mlops.gates.base import Context


def given(
    folder: Path, frame: pl.DataFrame, source: Contract, row: Contract | None = None, today: date = date.max
) -> Context:
    """The step validate's context for the source `people`; `row` takes columns of it as they are."""
    frame.write_parquet(folder / "people.parquet")
    row = row or source
    names = [column.name for column in row]
    prepare = SimpleNamespace(prepare=lambda sources: sources["people"].select(names))
    package: Any = SimpleNamespace(prepare=prepare, contract=SimpleNamespace(SOURCES={"people": source}, ROW=row))
    settings: Any = SimpleNamespace(training=SimpleNamespace(test_share=0.4))
    return Context(settings, {"people": source}, row, package, {"people": folder / "people.parquet"}, today=today)
