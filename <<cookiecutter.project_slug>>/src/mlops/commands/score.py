"""`mlops score`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mlops.batch import ERRORS
from mlops.commands.common import AsJson, Ref, open_platform

Share = Annotated[float, typer.Option(min=0, max=1, help="The greatest share of rows that may break the contract.")]


def score(
    model: Ref,
    source: Annotated[Path, typer.Option("--input", help="A Parquet or CSV file, or a folder of Parquet files.")],
    output: Annotated[Path, typer.Option(help="A new folder, or that of a run which was cut off.")],
    top: Annotated[int, typer.Option(min=0, help="How many rows the ranked list has.")] = 10_000,
    errors: Share = ERRORS,
    as_json: AsJson = False,
) -> None:
    """Score a table of any length; the same command goes on where the last one was cut off."""
    from mlops import show
    from mlops.batch import job
    from mlops.batch.scoring import TableScorer

    show.console.stderr = as_json
    _, platform = open_platform()
    with TableScorer.registered(platform.models, model) as scorer, _progress() as progress:
        summary = job.run(scorer, source, output, top, errors, progress)
    if as_json:
        return show.record(summary)
    aside = "".join(f"\n{count:,} × {why}" for why, count in summary["reasons"].items())
    unread, earlier = ", ".join(summary["unread"]), summary["rows"] - summary["scoring"]["rows"]
    ranked = summary["ranked"] and f"the first {summary['ranked']:,} by {summary['ranked_by']}, in {output}/ranked.csv"
    show.facts(
        {
            "gone on": earlier and f"after {earlier:,} rows that were scored before",
            "scored": f"{summary['scored']:,} rows, in {output}/scored/",
            "set aside": f"{summary['bad']:,} rows, in {output}/bad/{aside}" if summary["bad"] else None,
            "not read": unread and f"columns {unread}",
            "ranked": ranked and f"{ranked}; as a page: mlops report {output}",
        }
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int, int], None]]:
    """A bar on a terminal, and else a line for each tenth."""
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    from mlops.show import console

    columns, seen = ("{task.description}", BarColumn(), TimeRemainingColumn()), console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not seen) as bar:
        task, tenths = bar.add_task("rows"), 0

        def progress(done: int, rows: int, bad: int) -> None:
            nonlocal tenths
            said = f"{done:,} of {rows:,} rows, {bad:,} set aside"
            bar.update(task, completed=done, total=rows, description=said)
            if not seen and done * 10 // rows > tenths:
                tenths = done * 10 // rows
                console.print(said)

        yield progress
