"""Data that is older than allowed, or from the future, does not pass."""

from collections.abc import Iterator, Mapping

from mlops.contract.read import reading, scan
from mlops.contract.table import typed
from mlops.contract.types import Column
from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.sections import Count
from mlops.words import counted

id, stage = "freshness", "data"

EMPTY = "Fill in the column with role 'time' where the table is made, or give it another role in the contract."
FUTURE = "Correct the times where the table is made."
FETCH = "Fetch the table again, or raise gates.freshness.most_days in mlops.yaml and say why."


class Limits(limits.Limits):
    most_days: Count = 730
    """How many days ago the newest row may be: two years, since the labels of many tables come late."""


def measure(context: Context) -> Mapping[str, float | None]:
    """How many days ago the newest row of each source with a time is, None if no row has one."""
    return {name: _age(context, name, time) for name, each in context.contracts.items() if (time := each.one("time"))}


def check(measured: Mapping[str, float | None], limits: Limits) -> Iterator[Verdict]:
    most = limits.most_days
    for name, days in measured.items():
        if days is None:
            yield Verdict(id, name, None, most, False, f"{name}: no row has a time that can be read.", EMPTY)
        elif days < -1:  # today is local, times are UTC
            why = f"{name}: the newest row is {counted(int(-days), 'day')} from the future."
            yield Verdict(id, name, days, 0, False, why, FUTURE)
        else:
            why = f"{name}: the newest row is {counted(max(int(days), 0), 'day')} old; {most:,} are allowed."
            yield Verdict(id, name, days, most, days <= most, why, FETCH)
    if not measured:
        yield Verdict(id, "time", None, None, True, "no source has a column with role 'time', so none can be too old.")


def _age(context: Context, name: str, time: Column) -> float | None:
    with reading(context.sources[name]):
        table = scan(context.sources[name])
        dtype = table.collect_schema().get(time.name)
        value = None if dtype is None else typed(time, dtype)
        newest = None if value is None else table.select(value.max().dt.date()).collect(engine="streaming").item()
    return None if newest is None else float((context.today - newest).days)
