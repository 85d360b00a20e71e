"""What is wrong with a table, in words."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Check = Literal[
    "missing", "unexpected", "type", "nulls", "finite", "range", "categories", "unique", "duplicates", "rows", "labels"
]


class Example(NamedTuple):
    """An offending value as it stands in the table, and its row: the first row is 1."""

    row: int
    value: Any = None

    def __str__(self) -> str:
        return f"row {self.row:,}" if self.value is None else f"{shown(self.value)} (row {self.row:,})"


@dataclass(frozen=True)
class Violation:
    """One check that one column does not pass; `column` is empty where the table as a whole is meant.

    `count` is in rows, but for "labels": in classes. `what` says it in words, without naming column or table.
    """

    column: str
    check: Check
    count: int
    what: str
    examples: tuple[Example, ...] = ()

    def __str__(self) -> str:
        some = ", ".join(map(str, self.examples))
        return f"{self.what}, for instance {some}" if some else self.what


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "es" if thing.endswith("s") else "s")


def shown(value: Any) -> str:
    """A value as a person would write it, cut to 40 characters."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    return f"{value:.15g}" if isinstance(value, float) else str(value)
