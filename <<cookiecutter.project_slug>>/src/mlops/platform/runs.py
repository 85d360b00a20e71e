"""What runs have in common wherever they are: how they are named, and what they wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.errors import Misuse

Record = Mapping[str, Any]


def chosen(reference: str, runs: Sequence[str], start: str) -> str:
    """The run that an unambiguous start of an id, or `last`, means; `runs` are oldest first.

    An id with a number at its end (`ID-2`) is the same job again: the start of one means the latest of them. Raises
    Misuse; `start` is how to begin the first one.
    """
    if not runs:
        raise Misuse(f"there is no run yet. Start one with: {start}")
    if reference in ("last", *runs):
        return runs[-1] if reference == "last" else reference
    found = [run for run in runs if reference and run.startswith(reference)]
    if len({run.partition("-")[0] for run in found}) != 1:
        those = f"fits {len(found)} runs ({', '.join(sorted(run[:12] for run in found))})" if found else "names no run"
        raise Misuse(f"'{reference}' {those}. Use `last`, or more of a run's id: `mlops runs list` shows them.")
    return found[-1]


def wanted(record: Record, output: str, written: Sequence[str], to: Path) -> str:
    """Which of what was written, as `NODE.OUTPUT`, an output of a run or of a node is. Raises Misuse, also for `to`."""
    known = {name: source for name, source in record["outputs"].items() if source in written}
    known |= {name: name for name in written}
    if output not in known:
        raise Misuse(f"run {record['run'][:8]} has no output '{output}'. It has: {', '.join(known) or 'none'}.")
    if to.is_file() or (to.is_dir() and any(to.iterdir())):
        raise Misuse(f"{to} is there already. Name a folder that is not.")
    return known[output]


def refuse_if_blank(text: str) -> None:
    if not text.strip():
        raise Misuse("a note without words says nothing. Write what you want others to know.")
