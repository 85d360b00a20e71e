"""A table in pieces of a fixed number of rows, so that memory does not grow with the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mlops.contract.read import reading, scan
from mlops.files import replacing

ROWS = 2**16
"""Rows of a piece: a power of 2, as the row groups that polars and pyarrow write."""


@dataclass(frozen=True)
class Piece:
    """Rows of a file that a person named `source`; `table` has them as Parquet. Pieces are numbered from 1."""

    table: Path
    source: str
    number: int
    rows: int

    @property
    def name(self) -> str:
        """What its parts are called: the same wherever and whenever it is scored."""
        return f"{Path(self.source).stem}-{self.number:06}.parquet"

    @property
    def start(self) -> int:
        return (self.number - 1) * ROWS

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Raises Misuse that names the file when it is damaged."""
        with reading(self.table):
            return pl.scan_parquet(self.table).slice(self.start, self.rows).select(columns).collect()


def tables(source: Path) -> list[Path]:
    """The files of a source, by name. Raises Misuse when one cannot be read."""
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    for file in files or [source]:
        scan(file)
    return files


def pieces(file: Path, scratch: Path) -> Iterator[Piece]:
    """The pieces of a file, in the order of its rows. Of CSV, which cannot be read from the middle, a copy is made."""
    table = file if file.suffix.lower() == ".parquet" else scratch / f"{file.stem}.parquet"
    with reading(file):
        if not table.exists():
            with replacing(table) as draft:
                scan(file).sink_parquet(draft, row_group_size=ROWS)
        rows = pl.scan_parquet(table).select(pl.len()).collect().item()
    for number, start in enumerate(range(0, rows, ROWS), 1):
        yield Piece(table, file.name, number, min(ROWS, rows - start))
