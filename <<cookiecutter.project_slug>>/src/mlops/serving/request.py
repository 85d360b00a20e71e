"""Requests: JSON whose rows are as the contract says, checked while it is read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from math import isinf
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from mlops.contract.types import NULL, UNSEEN, Column, Columns, Contract
from mlops.words import counted, shown

SHOWN = 20
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
FLAGS = {None: NULL, False: 0, True: 1}
WORDS = {"number": "a number", "text": "text", "flag": "true or false", "time": "a time such as 2024-05-17T09:30:00Z"}


class Rejected(Exception):
    """A request that gets no prediction: the HTTP status, a sentence, and what is wrong in which row and field."""

    def __init__(self, status: int, error: str, details: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.status, self.error, self.details = status, error, details


class Codes(dict[Any, int]):
    """The code of each category, also of those that nobody knows."""

    def __missing__(self, _: Any) -> int:
        return UNSEEN


class Reader:
    """Reads what callers send: `{"rows": [{feature: value, …}, …], "reasons": false}`.

    A row has each feature of the contract and nothing else, but for the contract's id, which is read past. Times are
    as RFC 3339 writes them, and UTC where they have no zone.
    """

    def __init__(self, contract: Contract, max_rows: int) -> None:
        self.contract, self.features, self.id, self.max_rows = contract, contract.features, contract.one("id"), max_rows
        self._types = {column.name: _type(column) for column in contract.features}
        self._codes = {column.name: _codes(column) for column in contract.features}
        fields: list[Any] = [(f"f{place}", type_) for place, type_ in enumerate(self._types.values())]
        if self.id:
            self._types[self.id.name] = _type(self.id)
            fields.append(("id", _type(self.id) | msgspec.UnsetType, msgspec.UNSET))
        names = dict(zip((name for name, *_ in fields), self._types, strict=True))
        row = msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True, gc=False)
        rows = Annotated[list[row], msgspec.Meta(min_length=1, max_length=max_rows)]
        whole: list[Any] = [("rows", rows), ("reasons", bool, False)]
        self.request = msgspec.defstruct("Request", whole, forbid_unknown_fields=True)
        self._decoder = msgspec.json.Decoder(self.request)

    def read(self, body: bytes | bytearray) -> Any:
        """The request, with `rows` and `reasons`. Raises Rejected."""
        try:
            request: Any = self._decoder.decode(body)
        except UNREADABLE as error:
            raise self._wrong(body, error) from None
        for row in request.rows if self.id else ():
            row.id = msgspec.UNSET
        return request

    def columns(self, rows: Sequence[Any]) -> Columns:
        """The features of rows that were read."""
        by_feature = zip(self.features, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=False)
        return {column.name: self._array(column, values) for column, values in by_feature}

    def _array(self, column: Column, values: Sequence[Any]) -> np.ndarray:
        match column.dtype:
            case "number":
                return np.array(values, np.float64)
            case "category":
                return np.array(list(map(self._codes[column.name].__getitem__, values)), np.int32)
            case "flag":
                return np.array([FLAGS[value] for value in values], np.int8)
            case "time":
                return np.array([_seconds(value) for value in values], np.float64)
        return np.array(values, object)

    def _wrong(self, body: bytes | bytearray, error: Exception) -> Rejected:
        """All that is wrong, by the slow way that only wrong requests go."""
        try:
            whole = msgspec.json.decode(body)
        except msgspec.ValidationError:
            whole = None
        except UNREADABLE as error:
            return Rejected(400, f"The body cannot be read as JSON: {error}.")
        rows = whole.get("rows") if isinstance(whole, dict) else None
        if isinstance(rows, list) and len(rows) > self.max_rows:
            most = counted(self.max_rows, "row")
            return Rejected(422, f"There are {len(rows):,} rows, and a request has at most {most}: split it.")
        found = list(islice(self._mistakes(rows), SHOWN + 1)) if isinstance(rows, list) else []
        if len(found) > SHOWN:
            found[SHOWN:] = ["and more"]
        if found:
            return Rejected(422, "The rows are not as the contract says: correct what `details` lists.", found)
        return Rejected(422, f'The body is not {{"rows": [{{…}}, …]}}, perhaps with "reasons": true: {error}.')

    def _mistakes(self, rows: list[Any]) -> Iterator[str]:
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                yield f"row {number}: is not an object of features and their values"
                continue
            for name in (name for name in row if name not in self._types):
                yield f"row {number}, {shown(name)}: is no feature of the model. Leave it out"
            for column in (*self.features, *([self.id] if self.id and self.id.name in row else [])):
                try:
                    msgspec.convert(row[column.name], self._types[column.name])
                except KeyError:
                    yield f"row {number}, {column.name}: is missing. Send {expected(column)}"
                except msgspec.ValidationError:
                    value = row[column.name]
                    told = column.quotable and isinstance(value, str | int | float)
                    what = "null" if value is None else shown(value) if told else "its value"
                    yield f"row {number}, {column.name}: {what} is not {expected(column)}"


def expected(column: Column) -> str:
    """What a caller may send, in words."""
    match column.dtype:
        case "category":
            what = ", ".join(map(repr, column.categories[:SHOWN]))
            what += " and others (GET /metadata)" if len(column.categories) > SHOWN else ""
            what = f"text ({what}, or another)" if column.unseen == "accept" else f"one of {what}"
        case _:
            what = WORDS[column.dtype]
    for end, word in zip(column.range or (), ("from", "to"), strict=False):
        what += "" if isinf(end) else f" {word} {end:.15g}"
    return what + (f" ({column.unit})" if column.unit else "") + (", or null" if column.nullable else "")


def example(contract: Contract) -> dict[str, Any]:
    """A row that the contract allows."""
    plain = {"flag": False, "text": "", "time": "2024-05-17T09:30:00Z"}
    return {
        column.name: column.categories[0] if column.categories else plain.get(column.dtype, _middle(column))
        for column in contract.features
    }


def _middle(column: Column) -> float:
    low, high = (0.0 if isinf(end) else end for end in column.range or (0.0, 0.0))
    return min(max((low + high) // 2, low), high)


def _type(column: Column) -> Any:
    """What msgspec checks."""
    one_of: Any = Literal
    match column.dtype:
        case "number":
            low, high = (None if isinf(end) else end for end in column.range or (-np.inf, np.inf))
            type_: Any = Annotated[float, msgspec.Meta(ge=low, le=high)]
        case "category" if column.unseen == "refuse":
            type_ = one_of[column.categories]
        case "flag":
            type_ = bool
        case "time":
            type_ = Annotated[datetime, msgspec.Meta(extra_json_schema={"format": "date-time"})]
        case _:
            type_ = str
    return Annotated[type_ | None if column.nullable else type_, msgspec.Meta(description=column.about)]


def _codes(column: Column) -> Codes:
    return Codes({None: NULL} | {word: code for code, word in enumerate(column.categories)})


def _seconds(value: datetime | None) -> float:
    if value is None:
        return np.nan
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
