"""A batch from its input to its output folder, which can be killed anywhere and goes on when it is repeated."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mlops import digest, files
from mlops.batch import MANIFEST, SUMMARY, ranked
from mlops.batch.pieces import ROWS, Piece, pieces, tables
from mlops.batch.scoring import BAD, SCORED, TableScorer, height
from mlops.errors import Misuse, Refused
from mlops.platform.local.lock import locked

WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
Progress = Callable[[int, int, int], None]
"""Is told how many rows are done, how many there are, and how many of those done are bad."""


def run(scorer: TableScorer, source: Path, to: Path, top: int, errors: float, progress: Progress) -> dict[str, Any]:
    """Score a file or a folder into `to`; returns the summary.

    Raises Refused for a table without rows, and when more than the share `errors` of the rows is bad; Misuse for one of
    other columns, and when `to` has the output of another input or model, or another process writes to it.
    """
    given = tables(source)
    unread = sorted({name for file in given for name in scorer.unread(file)})
    with locked(to / ".lock", wait=False, who=f"another `mlops score` into {to}"):
        claim(to, _manifest(scorer, given))
        started, scratch = time.perf_counter(), to / ".csv"
        try:
            todo = [piece for file in given for piece in pieces(file, scratch)]
            fresh = [piece for piece in todo if not (to / SCORED / piece.name).exists()]
            _score(scorer, todo, to, errors, progress)
            took = {"seconds": time.perf_counter() - started, "rows": sum(piece.rows for piece in fresh)}
            summary = conclude(scorer, todo, to, to, top, errors) | {"unread": unread, "scoring": took}
        finally:
            files.remove(scratch)
        files.write_json(to / SUMMARY, summary)
    return summary


def conclude(scorer: TableScorer, todo: list[Piece], parts: Path, to: Path, top: int, errors: float) -> dict[str, Any]:
    """Count what was scored in `parts` and write the ranked list; returns the summary.

    Raises Refused when a row is in no part, or too many are bad.
    """
    rows = sum(piece.rows for piece in todo)
    found = {kind: [path for piece in todo if (path := parts / kind / piece.name).exists()] for kind in (SCORED, BAD)}
    scored, bad = height(found[SCORED]), height(found[BAD])
    why = pl.concat(pl.read_parquet(part)["reason"] for part in found[BAD]) if bad else pl.Series()
    reasons = dict(why.value_counts(sort=True, name="rows").head(10).iter_rows())
    if not rows:
        raise Refused("there is no row to score. Check the input.")
    if bad > errors * rows:
        what = f"{'' if scored + bad == rows else 'at least '}{bad:,} of {rows:,} rows break the contract"
        some = "; ".join(f"{reason} ({count:,})" for reason, count in list(reasons.items())[:3])
        remedy = f"Each is in {parts / BAD} with its reason. Correct them, or allow more."
        raise Refused(f"{what}, more than the {errors:.2%} that --errors allows: {some}. {remedy}")
    if scored + bad != rows:
        raise Refused(f"{rows:,} rows came in and {scored + bad:,} went out. Repeat with an output folder of its own.")
    by = ranked.write(scorer, todo, found[SCORED], to, top) if top and scored else None
    summary = {"model": scorer.model, "rows": rows, "scored": scored, "bad": bad, "reasons": reasons}
    return summary | {"ranked_by": by, "ranked": min(top, scored)}


def _score(scorer: TableScorer, todo: list[Piece], to: Path, errors: float, progress: Progress) -> None:
    """All pieces, side by side; not to the end once too many rows are bad."""
    rows, done, bad = sum(piece.rows for piece in todo), 0, 0
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for piece, aside in zip(todo, pool.map(partial(scorer.write, to=to), todo), strict=True):
                done, bad = done + piece.rows, bad + aside
                progress(done, rows, bad)
                if bad > errors * rows:
                    return
        finally:
            pool.shutdown(cancel_futures=True)


def _manifest(scorer: TableScorer, given: list[Path]) -> dict[str, Any]:
    """What an output is made of, in words that a refusal can use."""
    return {
        "model": f"{scorer.model}, digest {scorer.digest}",
        "input": {file.name: digest.of_file(file) for file in given},
        "piece_rows": ROWS,
    }


def claim(to: Path, manifest: dict[str, Any]) -> None:
    """Say in the folder what it is the output of, or find that it says so. Takes away what a kill left half-written."""
    file = to / MANIFEST
    if not file.exists():
        if any(not path.name.startswith(".") for path in to.iterdir()):
            raise Misuse("holds something else. Name a new folder as --output.", to)
        files.write_json(file, manifest)
    elif changed := [name for name, value in files.read_json(file).items() if value != manifest.get(name)]:
        what = f"has the scores of another {' and another '.join(changed)}. Name a new folder as --output."
        raise Misuse(what.replace("piece_rows", "version of this machinery"), to)
    for draft in [*to.glob(".*.????????"), *(to / SCORED).glob(".*"), *(to / BAD).glob(".*")]:
        files.remove(draft)
