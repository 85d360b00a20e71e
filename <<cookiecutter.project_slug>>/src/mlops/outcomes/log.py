"""The logs of servers at rest: their JSON lines as one Parquet file a day, no longer than they may be kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from mlops import digest, files
from mlops.contract.read import reading
from mlops.platform.local.lock import locked

KINDS = ("predictions", "sensitive")
LISTS = ("inputs", "outputs", "values")
"""What a line has for each row of its request."""


def compact(spool: Path, today: date, after: int, keep: int) -> dict[str, int]:
    """Pack the days that ended `after` days ago, remove those that ended `keep` days ago, and count

    - rows: that were packed, each with what its line says in flat columns (`inputs.age`);
    - torn: lines that a dying process cut off, which are left out;
    - removed: files of days that may not be kept any more;
    - strange: files that stay as they are: no log is called like them, or their day was packed before they came.

    One file's rows are in memory at once. Killed at any point, it is right to do it again. Raises Failure when the
    disk refuses.
    """
    counts = Counter(rows=0, torn=0, removed=0, strange=0)
    with locked(spool / "lock"):
        for folder in (spool / kind for kind in (*KINDS, "traffic")):
            days = defaultdict[date | None, list[Path]](list)
            for file in sorted(each for kind in ("jsonl", "parquet", "aside") for each in folder.glob(f"*.{kind}")):
                days[_day(file)].append(file)
            counts["strange"] += len(days.pop(None, ()))
            for day, found in days.items():
                lines = [file for file in found if file.suffix == ".jsonl"]
                if day and today - day > timedelta(keep):
                    counts["removed"] += len(found)
                elif day and today - day > timedelta(after) and lines:
                    packed = folder / f"{day:%Y%m%d}.parquet"
                    if packed not in found:
                        counts.update(_pack(lines, packed))
                    inside = _inside(packed)
                    found = [file for file in lines if digest.of_file(file) in inside]
                    counts["strange"] += len(lines) - len(found)
                else:
                    continue
                for file in found:
                    file.unlink()
    return counts


def _day(file: Path) -> date | None:
    """In UTC, as the name says: `20261123.parquet` or `DEPLOYMENT-20261123T0930-PID.jsonl`, perhaps set aside."""
    try:
        return datetime.strptime(file.stem.split("-")[-2:][0][:8], "%Y%m%d").date() if file.is_file() else None
    except ValueError:
        return None


def _inside(packed: Path) -> list[str]:
    """The digests of the files that were packed."""
    with reading(packed):
        return pl.read_parquet_metadata(packed).get("files", "").split()


def _pack(found: list[Path], to: Path) -> dict[str, int]:
    count = torn = 0
    empty = pl.concat([_read(file)[0].clear() for file in found], how="diagonal_relaxed")

    def each(*_: Any) -> Iterator[pl.DataFrame]:
        nonlocal count, torn
        for file in found:
            frame, cut = _read(file)
            count, torn = count + len(frame), torn + cut
            yield pl.concat([empty, frame], how="diagonal_relaxed")

    with files.replacing(to) as draft:
        inside = {"files": " ".join(map(digest.of_file, found))}
        register_io_source(each, schema=empty.schema).sink_parquet(draft, metadata=inside)
    return {"rows": count, "torn": torn}


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
