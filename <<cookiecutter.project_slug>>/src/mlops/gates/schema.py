"""A table that breaks its contract does not pass."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import yaml

from mlops.contract.read import reading, scan
from mlops.contract.types import Contract
from mlops.contract.validate import violations
from mlops.contract.violation import Check, Violation
from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "schema", "data"

NEXT_STEPS: dict[Check, str] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))


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
