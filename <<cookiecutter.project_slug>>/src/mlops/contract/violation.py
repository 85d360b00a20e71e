"""What is wrong with a table, in words."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mlops.words import shown

Check = Literal[
    "missing", "unexpected", "type", "nulls", "finite", "range", "categories", "unique", "duplicates", "rows", "labels"
]


class Example(NamedTuple):
    """The row of an offending value, the first row being 1, and the value as it stands there if it may be quoted."""

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
