"""The logs of servers at rest: their JSON lines as one Parquet file a day, no longer than they may be kept."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from mlops import files
from mlops.platform.local.lock import locked

KINDS = ("predictions", "sensitive")


def compact(spool: Path, today: date, after: int, keep: int) -> dict[str, int]:
    """Pack the days that ended `after` days ago, remove those that ended `keep` days ago, and count

    - rows: that were packed, each with what its line says in flat columns (`inputs.age`);
    - torn: lines that a dying process cut off, which are left out;
    - removed: files of days that may not be kept any more.

    Killed at any point, it is right to do it again. Raises Failure when the disk refuses.
    """
    counts = dict.fromkeys(("rows", "torn", "removed"), 0)
    with locked(spool / "lock"):
        for folder in (spool / kind for kind in (*KINDS, "traffic")):
            days = defaultdict[date, list[Path]](list)
            for file in sorted((*folder.glob("*.jsonl"), *folder.glob("*.parquet"))):
                days[_day(file)].append(file)
            for day, found in days.items():
                if today - day > timedelta(keep):
                    counts["removed"] += len(found)
                elif today - day > timedelta(after):
                    packed = folder / f"{day:%Y%m%d}.parquet"
                    if packed in found:
                        found.remove(packed)
                    else:
                        rows, torn = _pack(found, packed)
                        counts["rows"], counts["torn"] = counts["rows"] + rows, counts["torn"] + torn
                else:
                    continue
                for file in found:
                    file.unlink()
    return counts


def _day(file: Path) -> date:
    """In UTC, as the name says: `20261123.parquet` or `DEPLOYMENT-20261123T0930-PID.jsonl`."""
    return datetime.strptime(file.stem.split("-")[-2:][0][:8], "%Y%m%d").date()


def _pack(found: list[Path], to: Path) -> tuple[int, int]:
    parts, torn = [], 0
    for file in found:
        lines = [line for line in file.read_bytes().split(b"\n") if line]
        whole = [line for line in lines if is_whole(line)]
        torn += len(lines) - len(whole)
        if whole:
            parts.append(flat(pl.read_ndjson(b"\n".join(whole), infer_schema_length=None)))
    every = pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()
    with files.replacing(to) as draft:
        every.write_parquet(draft)
    return len(every), torn


def is_whole(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except msgspec.DecodeError:
        return False


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    while nested := [name for name, kind in rows.schema.items() if isinstance(kind, pl.Struct)]:
        rows = rows.unnest(nested, separator=".")
    return rows.with_columns(pl.from_epoch(pl.col("^time$") * 1e6, "us").dt.replace_time_zone("UTC"))
