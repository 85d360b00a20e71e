"""What the columns of a table hold, counted so that the profiles of two parts add up to that of the whole.

Numbers are counted in buckets that the value alone decides, each `WIDTH` wide relative to it, as in DDSketch (Masson,
Rim and Lee: DDSketch, a fast and fully-mergeable quantile sketch with relative-error guarantees, VLDB 2019). A bucket
is named by a round number in it: the whole numbers up to 50 have buckets of their own. Of a category those values are
counted that the contract lists, and all others together. Of other columns at most `LIMIT` values are counted, those
first in an order that the values alone decide; so profiles of two parts keep the same ones.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from hashlib import sha256
from heapq import nsmallest
from itertools import accumulate, chain
from typing import Any, Self
from zlib import crc32

import polars as pl

from mlops.contract.table import typed
from mlops.contract.types import Column, Contract, Dtype

WIDTH = 0.02
UNLISTED = "not in the list"
"""What a category is counted as that the contract does not list: it is free text, which may be about somebody."""
LIMIT = 1000
SMALL, LARGE = 1e-290, 1e290
"""Numbers nearer to zero than SMALL are counted as zero, those beyond LARGE as infinite."""

BATCH_ROWS = 100_000
STEP, SHIFT = math.log1p(WIDTH), 40_000

KINDS: Mapping[Any, Dtype] = {pl.Boolean: "flag", pl.Datetime: "time", pl.Date: "time"}


@dataclass(frozen=True)
class ColumnProfile:
    """One column, read as `dtype`: the contract's, or polars' where the column holds none of these.

    What cannot be read is null. `counts` says how often a value occurs: a bucket of numbers by a number in it, "0",
    "nan", "inf" and "-inf"; of times a month, such as "2024-01". Ids are not counted at all. `low` and `high` are
    of the finite numbers, and of times in seconds since 1970 UTC.

    Where values may not be quoted there is no `low` and no `high`, and a text is counted under its digest. That keeps
    it out of sight but not secret: who guesses it can confirm it.
    """

    dtype: str
    rows: int
    nulls: int
    quotable: bool = False
    low: float | None = None
    high: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def examples(self) -> tuple[str, ...]:
        """What was counted most often, as `counts` names it, where it may be quoted."""
        most = nsmallest(3, self.counts, key=lambda name: (-self.counts[name], name))
        return tuple(most) if self.quotable else ()

    def count(self, value: str) -> int:
        """How often a value of a category or flag occurs, also where it may not be quoted."""
        return self.counts.get(value if self.quotable else _digest(value), 0)

    def quantile(self, share: float) -> float | None:
        """The number that `share` of the numbers do not exceed, within WIDTH of it; infinite ones count, NaN does not.

        None where there is none. The column must be one of numbers.
        """
        numbers = sorted((float(name), count) for name, count in self.counts.items() if name != "nan")
        rank = share * (sum(count for _, count in numbers) - 1)
        ends = accumulate(count for _, count in numbers)
        return next((number for (number, _), end in zip(numbers, ends, strict=True) if end > rank), None)

    def __add__(self, other: Self) -> Self:
        """The profile of the rows of both columns, which must be of one type."""
        rows, nulls = self.rows + other.rows, self.nulls + other.nulls
        low = min((each.low for each in (self, other) if each.low is not None), default=None)
        high = max((each.high for each in (self, other) if each.high is not None), default=None)
        both = replace(self, rows=rows, nulls=nulls, quotable=self.quotable and other.quotable, low=low, high=high)
        return replace(both, counts=_kept(Counter(self.counts) + Counter(other.counts), both))


@dataclass(frozen=True)
class Profile:
    rows: int
    columns: Mapping[str, ColumnProfile]

    def plain(self) -> dict[str, Any]:
        """As a JSON file holds it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        return cls(plain["rows"], {name: ColumnProfile(**each) for name, each in plain["columns"].items()})


def profile(frame: pl.LazyFrame, contract: Contract | None = None) -> Profile:
    """The profile of a table of any length, read in batches; columns that no contract names by their polars type.

    Raises polars' errors when the table cannot be read: call it inside `read.reading`.
    """
    batches = frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=False)
    none = pl.DataFrame(schema=frame.collect_schema())
    return reduce(merged, (_profile(batch, contract) for batch in chain([none], batches)))


def merged(a: Profile, b: Profile) -> Profile:
    """The profile of the rows of both tables. Raises ValueError when they differ in a column or its type."""
    if {name: each.dtype for name, each in a.columns.items()} != {name: each.dtype for name, each in b.columns.items()}:
        raise ValueError("profiles of tables with different columns do not add up")
    return Profile(a.rows + b.rows, {name: each + b.columns[name] for name, each in a.columns.items()})


def _profile(batch: pl.DataFrame, contract: Contract | None) -> Profile:
    named = {column.name: column for column in contract or ()}
    return Profile(batch.height, {raw.name: _column(raw, named.get(raw.name)) for raw in batch.iter_columns()})


def _column(raw: pl.Series, column: Column | None) -> ColumnProfile:
    column = column or _undeclared(raw)
    value = typed(column, raw.dtype) if column else None
    if column is None or value is None:
        return ColumnProfile(str(raw.dtype), len(raw), raw.null_count())
    values = raw.to_frame().select(value).to_series().drop_nulls()
    found = ColumnProfile(column.dtype, len(raw), len(raw) - len(values), column.quotable)
    if column.role == "id":
        return found
    match column.dtype:
        case "number":
            found = _spanned(found, values.filter(values.abs() <= LARGE))
            counts = _counted(_places(values), _bucket)
        case "time":
            found = _spanned(found, values.dt.epoch("us") / 1e6)
            months = values.dt.year() * 12 + values.dt.month() - 1
            counts = _counted(months, lambda month: f"{month // 12:04}-{month % 12 + 1:02}")
        case _ if found.quotable:
            counts = _counted(values.cast(pl.String), lambda text: text if column.listed(text) else UNLISTED)
        case _:
            counts = _counted(values.cast(pl.String), _digest, limited=True)
    return replace(found, counts=_kept(counts, found))


def _undeclared(raw: pl.Series) -> Column | None:
    """What a column is taken for that no contract names: context, since nobody said that it may be quoted."""
    strings = isinstance(raw.dtype, pl.String | pl.Categorical | pl.Enum)
    kind: Dtype | None = "number" if raw.dtype.is_numeric() else "text" if strings else KINDS.get(raw.dtype.base_type())
    return Column(raw.name, kind, "context") if kind else None


def _spanned(found: ColumnProfile, finite: pl.Series) -> ColumnProfile:
    ends: dict[str, Any] = {"low": finite.min(), "high": finite.max()}
    return replace(found, **ends) if found.quotable else found


def _counted(values: pl.Series, name: Callable[[Any], str], limited: bool = False) -> Counter[str]:
    table = values.drop_nulls().alias("value").to_frame().group_by("value").len()
    if limited and len(table) > LIMIT:
        marks = pl.Series([crc32(text.encode()) for text in table["value"].to_list()])
        table = table.filter(marks <= marks.bottom_k(LIMIT).max())
    counts = Counter[str]()
    for value, count in table.rows():
        counts[name(value)] += count
    return counts


def _kept(counts: Mapping[str, int], column: ColumnProfile) -> dict[str, int]:
    """All counts of a type with few buckets; else those of the LIMIT names whose digests come first."""
    few = column.quotable or column.dtype in ("number", "time")
    return dict(counts) if few else {name: counts[name] for name in nsmallest(LIMIT, counts)}


def _digest(text: str) -> str:
    """Sorts as the checksum does, which is quick to find for many values."""
    return f"{crc32(text.encode()):08x}{sha256(text.encode()).hexdigest()[:8]}"


def _places(numbers: pl.Series) -> pl.Series:
    """The place of each number's bucket: in the order of the numbers, 0 for zero, infinite for infinite ones."""
    value = pl.col(numbers.name)
    size = value.abs()
    place = pl.when(size > LARGE).then(float("inf")).otherwise((size.log() / STEP).ceil() + SHIFT)
    return numbers.to_frame().select(pl.when(size < SMALL).then(0.0).otherwise(value.sign() * place)).to_series()


def _bucket(place: float) -> str:
    """The shortest number in the bucket at a place that its middle can be rounded to."""
    if place == 0 or not math.isfinite(place):
        return f"{place:g}"
    index = abs(place) - SHIFT
    rounded = (float(f"{math.exp((index - 0.5) * STEP):.{digits}e}") for digits in range(4))
    return f"{math.copysign(next(each for each in rounded if math.ceil(math.log(each) / STEP) == index), place):.15g}"
