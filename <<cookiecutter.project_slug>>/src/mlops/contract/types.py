"""What a table must look like, said once: validation, encoding and synthetic rows follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Columns = dict[str, np.ndarray]
"""Named one-dimensional arrays of equal length.

number and time are float64 (NaN is null; time in seconds since 1970 UTC), category is int32 in the
contract's order (-1 null, -2 unseen), flag is int8 (-1 null), text is object (None is null).
"""

Dtype = Literal["number", "category", "flag", "time", "text"]
Role = Literal["feature", "label", "id", "time", "weight", "context"]

NULL, UNSEEN = -1, -2

SINGLE: dict[Role, tuple[Dtype, ...]] = {
    "label": ("number", "category", "flag"),
    "id": ("text", "number"),
    "time": ("time",),
    "weight": ("number",),
}
"""Roles that at most one column of a table has, and the dtypes such a column may have."""
GROUPS, WHOLE = ("category", "flag"), ("label", "id", "weight")
"""Dtypes of which each value is a group, and roles in which every row has a value."""


@dataclass(frozen=True)
class Column:
    """One column: its type, what may stand in it, and its one role.

    `range` is inclusive, in `unit`; an end may be infinite, and ends written as int mean whole numbers (which
    synthetic rows then hold). `sensitive` columns are category or flag; they form groups for evaluation. `personal`
    columns say who somebody is, such as a name or a phone number.
    """

    name: str
    dtype: Dtype
    role: Role = "feature"
    about: str = ""
    unit: str = ""
    range: tuple[float, float] | None = None
    categories: tuple[str, ...] = ()
    nullable: bool = False
    unseen: Literal["accept", "refuse"] = "refuse"
    sensitive: bool = False
    personal: bool = False

    @property
    def quotable(self) -> bool:
        """Whether its values may stand in sentences and logs: not those that say who somebody is."""
        return self.role not in ("id", "context") and self.dtype != "text" and not self.sensitive

    def listed(self, value: Any) -> bool:
        """Whether a value is not one that only `unseen` lets through, which is free text."""
        return value is None or not self.categories or str(value) in self.categories

    def __post_init__(self) -> None:
        role, dtype, ends, who = self.role, self.dtype, self.range, ("id", "context")
        for impossible, what in (
            ((dtype == "category") != bool(self.categories), "categories belong to dtype 'category', and only there"),
            (len(set(self.categories)) != len(self.categories), "a category is listed twice"),
            (ends and dtype != "number", "range belongs to dtype 'number'"),
            (ends and not ends[0] <= ends[1], "the range ends before it starts"),
            (self.sensitive and dtype not in GROUPS, "a sensitive column is a category or a flag; band it in prepare"),
            (self.personal and role not in who, "what says who somebody is has role 'id' or 'context', never another"),
            (dtype not in SINGLE.get(role, (dtype,)), f"a column with role '{role}' cannot be a {dtype}"),
            (self.nullable and role in WHOLE, f"a column with role '{role}' cannot be nullable"),
            (role == "weight" and not (ends and ends[0] >= 0), "a weight has a range, which starts at 0 or above"),
            (role == "label" and self.unseen == "accept", "a label refuses unseen categories"),
        ):
            if impossible:
                raise ValueError(f"column {self.name}: {what}")


class Contract:
    """The columns of a table, and what holds for the table as a whole.

    `min_rows` is the fewest rows it may have. `min_label_share` is the smallest share of rows that each class
    of a flag or category label must have. Iterates over its columns; `contract["age"]` is one of them.
    """

    def __init__(self, *columns: Column, min_rows: int = 1, min_label_share: float = 0.0) -> None:
        self.columns, self.min_rows, self.min_label_share = columns, min_rows, min_label_share
        self._by_name = {column.name: column for column in columns}
        self.features = tuple(column for column in columns if column.role == "feature")
        self.sensitive = tuple(column for column in columns if column.sensitive)
        if len(self._by_name) != len(columns):
            raise ValueError("a contract names a column twice")
        for role in SINGLE:
            if sum(column.role == role for column in columns) > 1:
                raise ValueError(f"a contract has at most one column with role '{role}'")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def one(self, role: Role) -> Column | None:
        """The column with a role that at most one column has."""
        return next((column for column in self.columns if column.role == role), None)
