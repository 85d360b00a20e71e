"""The gate on freshness: the newest row of each source is neither too old nor from the future."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from mlops.contract.types import Column, Contract
from mlops.gates.base import Verdict
from mlops.gates.freshness import Limits, check, measure
from tests.support.sources import given

VISITS = Contract(Column("seen", "time", "time", nullable=True), Column("age", "number"))
TODAY = date(2026, 5, 20)


def judged(folder: Path, *seen: datetime | None, contract: Contract = VISITS) -> Verdict:
    times = pl.Series(seen, dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"seen": times, "age": [1.0] * len(seen)})
    [verdict] = check(measure(given(folder, frame, contract, today=TODAY)), Limits(most_days=30))
    return verdict


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, tzinfo=UTC)


def test_the_newest_row_counts_however_old_the_others_are(tmp_path: Path):
    verdict = judged(tmp_path, at(1990, 1, 1), at(2026, 5, 1), None)
    assert verdict.passed and verdict.measured == 19
    assert verdict.why == "people: the newest row is 19 days old; 30 are allowed."


@pytest.mark.parametrize("newest", [at(2026, 5, 21), at(2026, 4, 20)])
def test_the_first_day_elsewhere_and_the_last_day_allowed_pass(tmp_path: Path, newest: datetime):
    assert judged(tmp_path, newest).passed


def test_data_that_is_too_old_is_refused(tmp_path: Path):
    verdict = judged(tmp_path, at(2026, 4, 19))
    assert not verdict.passed and verdict.why == "people: the newest row is 31 days old; 30 are allowed."
    assert "gates.freshness.most_days" in verdict.next_step


def test_a_row_from_the_future_is_refused(tmp_path: Path):
    verdict = judged(tmp_path, at(2026, 4, 1), at(2026, 5, 22))
    assert not verdict.passed and verdict.why == "people: the newest row is 2 days from the future."


def test_times_of_which_none_is_known_are_refused(tmp_path: Path):
    verdict = judged(tmp_path, None, None)
    assert not verdict.passed and verdict.why == "people: no row has a time that can be read."


def test_without_a_column_of_times_nothing_is_too_old(tmp_path: Path):
    assert judged(tmp_path, at(1990, 1, 1), contract=Contract(Column("age", "number"))).passed
