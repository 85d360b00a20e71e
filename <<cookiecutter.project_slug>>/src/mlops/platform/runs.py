"""What runs have in common wherever they are: how they are named, and what they wrote."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.errors import Misuse
from mlops.words import short

AGAIN = r"-(\d+|\d{8}T\w+)$"
"""How ids of one job, or of one schedule, differ: a number, or a time."""


def chosen(reference: str, runs: Sequence[str], start: str) -> str:
    """The run that an unambiguous start of an id, or `last`, means; `runs` are oldest first.

    `ID-2` is the same job again, and the jobs of a schedule are its name and a time: the start of one means the latest
    of them. The name of a schedule is not the start of another's. Raises Misuse; `start` is how to begin the first one.
    """
    if not runs:
        raise Misuse(f"there is no run yet. Start one with: {start}")
    if reference in ("last", *runs):
        return runs[-1] if reference == "last" else reference
    fits = re.compile(f"{re.escape(reference)}([^-]|{AGAIN})")
    found = [run for run in runs if reference and fits.match(run)]
    if len({re.sub(AGAIN, "", run) for run in found}) != 1:
        those = f"fits {len(found)} runs ({', '.join(sorted(map(short, found)))})" if found else "names no run"
        raise Misuse(f"'{reference}' {those}. Use `last`, or more of a run's id: `mlops runs list` shows them.")
    return found[-1]


def wanted(record: Mapping[str, Any], output: str, written: Sequence[str], to: Path) -> str:
    """Which of what was written, as `NODE.OUTPUT`, an output of a run or of a node is. Raises Misuse, also for `to`."""
    known = {name: source for name, source in record["outputs"].items() if source in written}
    known |= {name: name for name in written}
    if output not in known:
        raise Misuse(f"run {short(record['run'])} has no output '{output}'. It has: {', '.join(known) or 'none'}.")
    if to.is_file() or (to.is_dir() and any(to.iterdir())):
        raise Misuse(f"{to} is there already. Name a folder that is not.")
    return known[output]


def refuse_if_blank(text: str) -> None:
    if not text.strip():
        raise Misuse("a note without words says nothing. Write what you want others to know.")
