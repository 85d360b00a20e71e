"""How commands show things: one console, facts as a table, JSON for a script."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from mlops import files

WIDE = 200
"""Characters in a line where there is no terminal."""
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def facts(named: Iterable[tuple[str, Any]]) -> None:
    """Names with their values, one below the other."""
    table = Table.grid(padding=(0, 2))
    for name, value in named:
        table.add_row(Text(name, style="dim"), Text(str(value)))
    console.print(table)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under their heads; nothing is cut off."""
    columns = (Column(head, overflow="fold") for head in heads)
    shown = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        shown.add_row(*(Text(str(value)) for value in row))
    console.print(shown)


def record(found: Any) -> None:
    """For a script."""
    sys.stdout.write(files.as_json(found))
