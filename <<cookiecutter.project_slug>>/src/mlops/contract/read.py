"""Opening a source: a Parquet file, a folder of Parquet parts, or a CSV file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from mlops.errors import Misuse

# Decoding ahead doubles the memory and saves no time.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
os.environ.setdefault("POLARS_PARQUET_DECODE_TARGET_VALUES_PER_THREAD", "100000")

MAGIC = b"PAR1"


def scan(path: Path) -> pl.LazyFrame:
    """The table at `path`, not yet read. Columns of a CSV file are text; `table.conform` gives them types.

    Raises Misuse, naming the file, when it is missing, empty, unreadable or not of the format that its name says.
    """
    with reading(path):
        if path.is_dir():
            parts = sorted(path.glob("*.parquet"))
            if not parts:
                raise Misuse("is a folder without a .parquet file. Name a folder of parts, or one file.", path)
        else:
            parts = [path]
        for part in parts:
            _refuse_other_formats(part)
        csv = path.suffix.lower() == ".csv"
        frame = pl.scan_csv(path, infer_schema=False) if csv else pl.scan_parquet(parts)
        frame.collect_schema()
        return frame


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Polars reads late: what collects a source does so in here, and damage becomes Misuse that names the file.

    Not around expressions of the model package, whose mistakes would be taken for damage. What polars puts between
    backticks may be a value of the table, and is left out.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise Misuse("there is no such file. Check the path; paths are relative to where you are.", path) from error
    except OSError as error:
        raise Misuse(f"cannot be read: {error.strerror or error}. Check its rights.", path) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        why = str(error).strip().splitlines()[0].partition(" `")[0].rstrip(".")
        raise Misuse(f"cannot be read: {why}. It is damaged or cut off: write or fetch it again.", path) from error


def _refuse_other_formats(path: Path) -> None:
    kind = path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(len(MAGIC))
    if not start:
        raise Misuse("is empty (0 bytes). Write or fetch it again.", path)
    if kind not in (".parquet", ".csv"):
        raise Misuse(f"is of a kind that is not read here ('{kind}'). Save it as .parquet or .csv.", path)
    if (start == MAGIC) != (kind == ".parquet"):
        is_not = "is not a Parquet file" if kind == ".parquet" else "is a Parquet file"
        raise Misuse(f"{is_not}, whatever its name says. Save it again, or give it its right name.", path)
