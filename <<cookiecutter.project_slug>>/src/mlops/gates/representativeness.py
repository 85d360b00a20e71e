"""Groups of people too small to judge, or far from the stated population, do not pass."""

from collections.abc import Iterator, Mapping
from math import sqrt

import polars as pl

from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.sections import Count, Share
from mlops.specs.load import meant
from mlops.stats import Interval

id, stage = "representativeness", "data"

SMALL = "Fetch more rows of the group, band it with another in prepare.py, or raise training.test_share."
HIDDEN = "Let prepare() keep it: in ROW a column of this name with sensitive=True, in role 'context' if no feature."
FAR = "Fetch rows as the population has them, or find out who is missing, and waive it with what that means."
NAMED = "Name sensitive columns of ROW, and categories of theirs, in gates.representativeness.reference in mlops.yaml."


class Limits(limits.Limits):
    least_rows: Count = 50
    """The fewest test rows of a group: a rate among 50 rows is known to within 14 points (1.96 standard errors)."""
    reference: dict[str, dict[str, Share]] = {}
    """By sensitive column, the share of each group among the people whom the model is for."""
    most_difference: Share = 0.1
    """How far from that its share of the rows may be shown to be."""


def measure(context: Context) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """By sensitive column and group how many rows it has: of the test rows, and of all.

    No groups are known of a column that is sensitive in SOURCES only.
    """
    train, test = context.prepared
    found = {column.name: {} for contract in context.contracts.values() for column in contract.sensitive}
    for column in context.row.sensitive:
        held, learnt = (dict(part[column.name].cast(pl.String).value_counts().iter_rows()) for part in (test, train))
        names = column.categories or ("true", "false")
        found[column.name] = {name: (held.get(name, 0), held.get(name, 0) + learnt.get(name, 0)) for name in names}
    return found


def check(measured: Mapping[str, Mapping[str, tuple[int, int]]], limits: Limits) -> Iterator[Verdict]:
    needed, most = limits.least_rows, limits.most_difference
    for column, groups in measured.items():
        if not groups:
            why = f"{column} is sensitive in SOURCES and not in ROW, so no gate sees how its groups are treated."
            yield Verdict(id, column, None, None, False, why, HIDDEN)
            continue
        for name, (count, _) in groups.items():
            if count < needed:
                why = f"{column}: {name} has {count} test rows; below {needed} a group cannot be judged."
                yield Verdict(id, f"{column}: {name}", count, needed, False, why, SMALL)
        if (least := min(count for count, _ in groups.values())) >= needed:
            why = f"{column}: each group has {needed} test rows or more, the smallest {least:,}."
            yield Verdict(id, column, least, needed, True, why)
    known = {f"{column}: {name}": group for column, groups in measured.items() for name, group in groups.items()}
    stated = {f"{column}: {name}": part for column, parts in limits.reference.items() for name, part in parts.items()}
    for name, part in stated.items():
        if name not in known:
            why = f"no sensitive column has the group {name}: {meant(name, known)}"
            yield Verdict(id, f"share of {name}", None, part, False, why, NAMED)
            continue
        rows = sum(count for _, count in measured[name.partition(":")[0]].values())
        share = known[name][1] / rows
        error = 1.96 * sqrt(share * (1 - share) / rows)
        passed = abs(share - part) - error <= most
        interval = Interval(share, share - error, share + error)
        why = f"share of {name} is {interval}, and {part:g} in the population; {most:g} apart is allowed."
        yield Verdict(id, f"share of {name}", interval, part, passed, why, FAR)
    if not stated:
        why = "no shares of groups among the people whom the model is for are stated, so none is compared."
        yield Verdict(id, "reference", None, None, True, why)
