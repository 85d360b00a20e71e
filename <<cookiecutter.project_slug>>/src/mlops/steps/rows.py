"""Model rows: split by what they say, read as columns by role."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from mlops.contract.encode import encode
from mlops.contract.read import scan
from mlops.contract.table import conform
from mlops.contract.types import Column, Columns, Contract
from mlops.errors import Refused
from mlops.files import replacing
from mlops.steps.log import Log
from mlops.steps.package import Package


@dataclass(frozen=True)
class Rows:
    """Rows by role. `x` are the features, `groups` the sensitive columns, `every` all columns of the contract."""

    x: Columns
    y: np.ndarray
    weight: np.ndarray
    groups: Columns
    every: Columns


def read(path: Path, contract: Contract) -> Rows:
    frame = pl.read_parquet(path)
    every = encode(frame, contract)
    label, weight = contract.one("label"), contract.one("weight")
    assert label is not None
    return Rows(
        x={column.name: every[column.name] for column in contract.features},
        y=every[label.name],
        weight=every[weight.name] if weight else np.ones(len(frame)),
        groups={column.name: every[column.name] for column in contract.sensitive},
        every=every,
    )


def split(
    frame: pl.DataFrame, contract: Contract, test_share: float, salt: bytes = b""
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Train and test rows, of a frame that conforms to the contract.

    Equal features (0 and -0 are, NaN and null too) always fall on the same side, wherever and whenever they arrive;
    another salt makes another split.
    Raises Refused when a side would be empty.
    """
    texts = frame.select(pl.concat_str([_text(column) for column in contract.features], separator="\x1f"))
    limit = int(test_share * 2**64)
    hashes = (int.from_bytes(blake2b(text.encode(), digest_size=8, salt=salt).digest()) for text in texts.to_series())
    test = pl.Series([number < limit for number in hashes], dtype=pl.Boolean)
    if test.all() or not test.any():
        what = f"{len(frame)} rows cannot be split into train and test with training.test_share {test_share:g}"
        raise Refused(f"{what}. Fetch more rows, or change the share in mlops.yaml.")
    return frame.filter(~test), frame.filter(test)


def _text(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.dtype == "number":
        value = pl.when(value == 0).then(0.0).otherwise(value.fill_nan(None))
    return value.cast(pl.String).fill_null("")


def tables(package: Package, sources: Mapping[str, Path]) -> dict[str, pl.LazyFrame]:
    """The sources with the types of their contracts. Raises Refused where a column is missing."""
    contracts = package.contract.SOURCES
    return {name: _whole(name, scan(path), contracts[name]) for name, path in sources.items()}


def prepared(package: Package, sources: Mapping[str, Path], test_share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Train and test rows of the sources, as the step prepare makes them. Raises Refused where a column is missing."""
    row = package.contract.ROW
    frame = _whole("what prepare() makes", package.prepare.prepare(tables(package, sources)), row)
    return split(frame.collect(engine="streaming"), row, test_share)


def write(parts: tuple[pl.DataFrame, pl.DataFrame], folder: Path, log: Log) -> None:
    """`train.parquet` and `test.parquet`."""
    for name, part in zip(("train", "test"), parts, strict=True):
        with replacing(folder / f"{name}.parquet") as draft:
            part.write_parquet(draft)
    log.metrics({"rows.train": len(parts[0]), "rows.test": len(parts[1])})


def _whole(name: str, frame: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    found = conform(frame, contract)
    if missing := [column.name for column in contract if column.name not in found.collect_schema()]:
        raise Refused(f"{name} has no {', '.join(missing)} that can be read.")
    return found
