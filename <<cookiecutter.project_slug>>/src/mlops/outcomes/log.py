"""The logs of servers at rest: their JSON lines as one Parquet file a day, no longer than they may be kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from mlops import files
from mlops.platform.local.lock import locked

KINDS = ("predictions", "sensitive")
LISTS = ("inputs", "outputs", "values")
"""What a line has for each row of its request."""


def compact(spool: Path, today: date, after: int, keep: int) -> dict[str, int]:
    """Pack the days that ended `after` days ago, remove those that ended `keep` days ago, and count

    - rows: that were packed, each with what its line says in flat columns (`inputs.age`);
    - torn: lines that a dying process cut off, which are left out;
    - removed: files of days that may not be kept any more;
    - strange: files that no log is called like, which stay as they are.

    One file's rows are in memory at once. Killed at any point, it is right to do it again. Raises Failure when the
    disk refuses.
    """
    counts = dict.fromkeys(("rows", "torn", "removed", "strange"), 0)
    with locked(spool / "lock"):
        for folder in (spool / kind for kind in (*KINDS, "traffic")):
            days = defaultdict[date | None, list[Path]](list)
            for file in sorted((*folder.glob("*.jsonl"), *folder.glob("*.parquet"))):
                days[_day(file)].append(file)
            counts["strange"] += len(days.pop(None, ()))
            for day, found in days.items():
                if not day or today - day <= timedelta(min(after, keep)):
                    continue
                packed = folder / f"{day:%Y%m%d}.parquet"
                if today - day > timedelta(keep):
                    counts["removed"] += len(found)
                elif packed in found:
                    found.remove(packed)
                else:
                    count, torn = _pack(found, packed)
                    counts["rows"], counts["torn"] = counts["rows"] + count, counts["torn"] + torn
                for file in found:
                    file.unlink()
    return counts


def _day(file: Path) -> date | None:
    """In UTC, as the name says: `20261123.parquet` or `DEPLOYMENT-20261123T0930-PID.jsonl`."""
    try:
        return datetime.strptime(file.stem.split("-")[-2:][0][:8], "%Y%m%d").date()
    except ValueError:
        return None


def _pack(found: list[Path], to: Path) -> tuple[int, int]:
    count = torn = 0
    empty = pl.concat([_read(file)[0].clear() for file in found], how="diagonal_relaxed")

    def each(*_: Any) -> Iterator[pl.DataFrame]:
        nonlocal count, torn
        for file in found:
            frame, cut = _read(file)
            count, torn = count + len(frame), torn + cut
            yield pl.concat([empty, frame], how="diagonal_relaxed")

    with files.replacing(to) as draft:
        register_io_source(each, schema=empty.schema).sink_parquet(draft)
    return count, torn


def _read(file: Path) -> tuple[pl.DataFrame, int]:
    """The rows of a file, and how many of its lines are torn."""
    lines = [line for line in file.read_bytes().split(b"\n") if line]
    whole = [line for line in lines if is_whole(line)]
    return rows(whole) if whole else pl.DataFrame(), len(lines) - len(whole)


def is_whole(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except msgspec.DecodeError:
        return False


def rows(lines: Iterable[bytes]) -> pl.DataFrame:
    """What whole lines say, with flat names: a request row by row, numbered from 0 in `row`."""
    found = pl.read_ndjson(b"\n".join(lines), infer_schema_length=None)
    if lists := [name for name in LISTS if name in found.columns]:
        found = found.with_columns(row=pl.int_ranges(pl.col(lists[0]).list.len())).explode("row", *lists)
    return flat(found)


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    while nested := [name for name, kind in rows.schema.items() if isinstance(kind, pl.Struct)]:
        rows = rows.unnest(nested, separator=".")
    return rows.with_columns(pl.from_epoch(pl.col("^time$") * 1e6, "us").dt.replace_time_zone("UTC"))
