"""What moved between two tables, told from their profiles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlops.contract.profile import ColumnProfile, Profile
from mlops.words import counted, shown

NOTICED = 0.01
"""The least distance, and the least change of a share, that is worth telling by itself."""

NAMED = 5
"""How many new or gone values are named."""


@dataclass(frozen=True)
class Move:
    """What moved in one column, in sentences; `column` is empty where the table as a whole is meant."""

    column: str
    what: tuple[str, ...]
    distance: float


def moved(a: Profile, b: Profile) -> list[Move]:
    """What is different in `b`: the table as a whole, then its columns, the farthest first; nothing if nothing is.

    A column that only one of them has, or of another type, is at distance 1. No sentence says what moved where all
    that did are shares that cannot be named.
    """
    rows = [Move("", (f"rows {a.rows:,} -> {b.rows:,}",), 0.0)] if a.rows != b.rows else []
    moves = [_move(name, a.columns.get(name), b.columns.get(name)) for name in {**a.columns, **b.columns}]
    told = (move for move in moves if move.what or move.distance >= NOTICED)
    return rows + sorted(told, key=lambda move: -move.distance)


def distance(a: ColumnProfile, b: ColumnProfile) -> float:
    """Jensen-Shannon distance between the counts of two columns of one type, from 0 (the same) to 1 (nothing shared).

    It is the root of the divergence (Lin: Divergence measures based on the Shannon entropy, 1991) with logarithms to
    base 2, and a metric (Endres and Schindelin: A new metric for probability distributions, 2003). Nulls are a
    value; so are all values that one of them may not have counted, and having no rows.
    """
    kept = sorted((a + b).counts)
    p, q = _shares(a, kept), _shares(b, kept)
    middle = (p + q) / 2
    return float(np.sqrt(np.clip((_divergence(p, middle) + _divergence(q, middle)) / 2, 0, 1)))


def _shares(column: ColumnProfile, kept: Sequence[str]) -> np.ndarray:
    counts = [*(column.counts.get(name, 0) for name in kept), column.nulls]
    return np.array([*counts, column.rows - sum(counts), column.rows == 0]) / max(column.rows, 1)


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    some = p > 0
    return float(np.sum(p[some] * np.log2(p[some] / q[some])))


def _move(name: str, a: ColumnProfile | None, b: ColumnProfile | None) -> Move:
    if a is None or b is None:
        return Move(name, ("column is new" if a is None else "column is gone",), 1.0)
    before, same = _facts(a), a.dtype == b.dtype
    facts = [f"{fact} {before[fact]} -> {now}" for fact, now in _facts(b).items() if before.get(fact, now) != now]
    return Move(name, (*facts, *_values(a, b)) if same else tuple(facts), distance(a, b) if same else 1.0)


def _facts(column: ColumnProfile) -> dict[str, str]:
    facts = {"type": column.dtype, "nulls": _percent(column.nulls, column.rows)}
    if column.dtype == "number" and column.counts and column.quotable:
        facts["median"] = shown(column.quantile(0.5))
        facts |= {"range": f"{shown(column.low)} to {shown(column.high)}"} if column.low is not None else {}
    return facts


def _values(a: ColumnProfile, b: ColumnProfile) -> Iterator[str]:
    """The values that came and went, most frequent first, and of the others the one whose share moved most."""
    both = {} if a.dtype == "number" else (a + b).counts
    often = sorted(both, key=lambda name: (-both[name], name))
    quotable = a.quotable and b.quotable
    for what, other in (("new value", a), ("gone value", b)):
        if names := [name for name in often if name not in other.counts]:
            some = f": {', '.join(map(shown, names[:NAMED]))}" if quotable else ""
            yield counted(len(names), what) + some
    stayed = [name for name in often if name in a.counts and name in b.counts]
    shifts = {name: b.counts[name] / b.rows - a.counts[name] / a.rows for name in stayed}
    most = max(shifts, key=lambda name: abs(shifts[name]), default="")
    if quotable and abs(shifts.get(most, 0)) >= NOTICED:
        yield f"{shown(most)} {_percent(a.counts[most], a.rows)} -> {_percent(b.counts[most], b.rows)}"


def _percent(count: int, rows: int) -> str:
    share = count / max(rows, 1)
    return f"{share * 100:.1f} %" if share >= 0.0005 else "under 0.1 %" if count else "0 %"
