"""When a schedule runs, and which expressions say so."""

from datetime import UTC, datetime

import pytest

from mlops.specs.schedules import following, times

SUNDAY = datetime(2026, 11, 22, 23, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "then"),
    [
        ("0 3 * * 1", "2026-11-23 03:00"),
        ("59 23 * * 0", "2026-11-29 23:59"),
        ("*/15 * * * *", "2026-11-23 00:00"),
        ("30 6,18 * * 2-4", "2026-11-24 06:30"),
        ("5/20 22 * * 5", "2026-11-27 22:05"),
        ("0 0 * * 6", "2026-11-28 00:00"),
    ],
)
def test_the_next_time_is_after_now_in_utc(expression: str, then: str) -> None:
    assert f"{following(expression, SUNDAY):%Y-%m-%d %H:%M}" == then


def test_a_week_has_as_many_times_as_it_says() -> None:
    minutes, hours, days = times("*/20 8-9 * * 1-5")
    assert (minutes, hours, days) == ({0, 20, 40}, {8, 9}, {1, 2, 3, 4, 5})


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("0 3 1 * *", "Azure ML ignores days and months"),
        ("0 3 * 6 *", "Azure ML ignores days and months"),
        ("0 3 * *", "is not `MINUTES HOURS"),
        ("0 0 3 * * 1", "is not `MINUTES HOURS"),
        ("60 3 * * 1", "has `60` for the minutes, which are 0 to 59"),
        ("0 24 * * 1", "has `24` for the hours, which are 0 to 23"),
        ("0 3 * * 7", "has `7` for the days of the week, which are 0 to 6"),
        ("0 3 * * mon", "has `mon` for the days of the week"),
        ("0 5-3 * * 1", "has `5-3` for the hours"),
        ("*/0 3 * * 1", r"has `\*/0` for the minutes"),
        ("1, 3 * * 1", "has `` for the minutes"),
    ],
)
def test_what_never_comes_is_refused(expression: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        times(expression)
