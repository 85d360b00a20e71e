"""`mlops explain`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mlops.commands.common import AsJson, named, open_platform

Model = Annotated[
    str | None, typer.Argument(help="`name:3`, `name@DIGEST12` or `name`; not needed for a request.", callback=named)
]
Row = Annotated[Path | None, typer.Option(help="JSON as /score takes it, or one row of that; CSV or Parquet.")]
Request = Annotated[str | None, typer.Option(metavar="ID", help="The `id` in an answer of a server on this machine.")]
Top = Annotated[int, typer.Option(min=1, help="How many reasons are given for a row.")]
To = Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write a page instead.")]

WIDTH = 24
READ = (
    "A bar says how far a value moves the {about} against a typical value, compared with the other bars. That is why "
    "the model said so, not why the case is so: see docs/explain.md."
)


def explain(
    model: Model = None, row: Row = None, request: Request = None, top: Top = 10, to: To = None, as_json: AsJson = False
) -> None:
    """Say which values of a row moved its prediction, which way, and how much of all that moved it."""
    from dataclasses import replace

    from mlops import explain, show
    from mlops.errors import Misuse
    from mlops.outcomes import logged

    project, platform = open_platform()
    if request is not None and row is None:
        lines = logged.find(project / ".mlops", request)
        found = explain.answered(lines, platform)
        if model and platform.models.get(model) != found:
            raise Misuse(f"this request was answered by {found.name}:{found.version}, not by {model}: leave that out.")
        source = f"a request of {lines[0]['time']:%-d %B %Y, %H:%M} UTC"
    elif row and model and request is None:
        lines, found, source = [], platform.models.get(model), row.name
    else:
        which = "model" if row and request is None else "row"
        raise Misuse(f"say which {which}: `mlops explain MODEL --row FILE` or `mlops explain --request ID`.")
    with explain.scorer(found, platform) as scorer:
        rows = explain.of_file(scorer, row) if row else explain.of_request(scorer, lines)
        label = scorer.contract.one("label")
    seen = {"model": f"{found.name}:{found.version}", "source": source, "about": explain.about(rows[0].answer, label)}
    if as_json:
        return show.record(seen | {"rows": [replace(each, reasons=each.reasons[:top]) for each in rows]})
    if to:
        explain.write(to, rows, label=label, top=top, **seen)
        return print(to)
    for each in rows:
        named = {"row": f"{each.row} of {source}", "model": seen["model"]}
        show.facts(named | explain.predicted(each.answer, label))
        show.console.print(_plot(each, top))
    show.console.print(READ.format(**seen), soft_wrap=True)


def _plot(row: Any, top: int) -> Any:
    """A bar for each reason, to the left of the middle where it lowers, to the right where it raises."""
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    plot = Table("", "lowers it │ raises it".center(WIDTH), "", "", box=None, pad_edge=False)
    for each in row.reasons[:top]:
        size = each.share / row.reasons[0].share
        ends = (1, 1 + size) if each.move > 0 else (1 - size, 1)
        plot.add_row(Text(each.what), Bar(2, *ends, width=WIDTH), each.way, f"{each.share:.0%}")
    if rest := row.reasons[top:]:
        plot.add_row("all others", "", "", f"{sum(each.share for each in rest):.0%}")
    return plot if row.reasons else "Nothing in this row moved it."
