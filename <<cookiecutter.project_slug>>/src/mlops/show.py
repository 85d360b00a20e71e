"""How commands show things: one console, facts as a table, JSON for a script."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from mlops import files

WIDE = 200
"""Characters in a line where there is no terminal."""
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def facts(named: Mapping[str, str | None]) -> None:
    """Names with what is said of them, one below the other; a name without a text is left out."""
    table = Table.grid(padding=(0, 2))
    for name, text in named.items():
        if text:
            table.add_row(Text(name, style="dim"), Text(text))
    console.print(table)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under their heads; nothing is cut off."""
    columns = (Column(head, overflow="fold") for head in heads)
    shown = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        shown.add_row(*(Text(_cell(value)) for value in row))
    console.print(shown)


def _cell(value: Any) -> str:
    """A text, a number, texts, data that a run read or a metric, for people."""
    from mlops.stats import Interval

    if isinstance(value, dict):
        data = "digest" in value
        return f"{value.get('version') or ''} {value['digest'][:12]}".strip() if data else str(Interval.of(value))
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def record(found: Any) -> None:
    """For a script."""
    sys.stdout.write(files.as_json(found))
