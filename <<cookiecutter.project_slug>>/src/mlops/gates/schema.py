"""A table that breaks its contract does not pass."""

from collections.abc import Iterator, Mapping

import polars as pl

from mlops.contract.read import reading, scan
from mlops.contract.types import Contract
from mlops.contract.validate import violations
from mlops.contract.violation import Check, Violation
from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "schema", "data"

NEXT_STEPS: Mapping[Check, str] = {
    "missing": "Add the column where the table is made, or take it out of the contract.",
    "unexpected": "Leave it out where the table is made, or name it in the contract, in role 'context' if unused.",
    "type": "Correct it where the table is made.",
    "nulls": "Fill them in where the table is made, or say nullable=True in the contract if they may be missing.",
    "finite": "Correct them where the table is made; a number that is not known is null.",
    "range": "Correct them where the table is made, or widen the range in the contract if such values are real.",
    "categories": "Correct them where the table is made, or name them in the contract if they are real.",
    "unique": "Give each row an id of its own where the table is made.",
    "duplicates": "Remove them where the table is made.",
    "rows": "Fetch the table again; if it really is this small, lower min_rows in the contract.",
    "labels": "Fetch rows of every class; if a class really is this rare, lower min_label_share in the contract.",
}


def measure(context: Context) -> Mapping[str, list[Violation]]:
    """What is wrong with each source that SOURCES names."""
    found = {}
    for name, contract in context.contracts.items():
        with reading(context.sources[name]):
            found[name] = violations(scan(context.sources[name]), contract)
    return found


def check(measured: Mapping[str, list[Violation]], limits: Limits) -> Iterator[Verdict]:
    """A failing verdict for each violation, a passing one for each table without any."""
    for table, found in measured.items():
        for violation in found:
            subject = f"{table}.{violation.column}" if violation.column else table
            said, next_step = f"{subject}: {violation}", NEXT_STEPS[violation.check]
            why = said if said.endswith("?") else f"{said}."
            yield Verdict(id, subject, violation.count, 0, False, why, next_step)
        if not found:
            why = f"{table}: its columns, types, values, ids, size and labels are as its contract says."
            yield Verdict(id, table, 0, 0, True, why)


def verdicts(table: str, frame: pl.LazyFrame, contract: Contract) -> list[Verdict]:
    """The verdicts on any table, under a name for it."""
    return list(check({table: violations(frame, contract)}, Limits()))
