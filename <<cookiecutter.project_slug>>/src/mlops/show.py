"""How commands show things: one console, facts as a table, JSON for a script."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlops import files

console = Console(highlight=False)


def facts(named: Iterable[tuple[str, Any]]) -> None:
    """Names with their values, one below the other."""
    table = Table.grid(padding=(0, 2))
    for name, value in named:
        table.add_row(Text(name, style="dim"), Text(str(value)))
    console.print(table)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under their heads; nothing is cut off where there is no terminal."""
    shown = Table(*heads, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        shown.add_row(*(Text(str(value)) for value in row))
    console.print(shown, soft_wrap=not console.is_terminal, crop=console.is_terminal)


def record(found: Any) -> None:
    """For a script."""
    sys.stdout.write(files.as_json(found))
