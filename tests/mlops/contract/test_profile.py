"""Profiles of two parts add up to that of the whole, and keep to themselves what may not be quoted."""

import json
import math
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.contract import profile as profiles
from mlops.contract.moved import distance, moved
from mlops.contract.profile import LARGE, LIMIT, SMALL, UNLISTED, WIDTH, Profile, merged, profile
from mlops.contract.types import Column, Contract
from tests.mlops.contract.tables import CONTRACT, JOBS, ROWS, alone, of, table, uncounted, whole


@settings(deadline=None, max_examples=40)
@given(ROWS, ROWS)
def test_the_profiles_of_two_parts_add_up_to_that_of_the_whole(first, second):
    a, b = (profile(table(rows).lazy(), CONTRACT) for rows in (first, second))
    both = profile(table(first + second).lazy(), CONTRACT)
    assert whole(merged(a, b)) == whole(both) == whole(merged(b, a))
    for column in both.columns.values():
        assert uncounted(column) == 0


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_read_from_the_buckets_is_within_their_width_of_the_exact_one(numbers, share):
    exact = sorted(numbers)[math.floor(share * (len(numbers) - 1))]
    read = of(numbers, dtype=pl.Float64).quantile(share)
    assert read is not None
    if abs(exact) < SMALL:
        assert read == 0
    elif abs(exact) > LARGE:
        assert read == math.copysign(math.inf, exact)
    else:
        assert read == pytest.approx(exact, rel=WIDTH * (1 + 1e-9))


def test_the_width_of_buckets_is_no_more_than_is_stated_and_not_much_less():
    values = np.random.default_rng(0).lognormal(0, 3, 20_000)
    column = of(values)
    errors = [
        abs(column.quantile(share) / np.quantile(values, share, method="lower") - 1)
        for share in np.linspace(0.001, 0.999, 500)
    ]
    assert WIDTH / 2 < max(errors) <= WIDTH


def test_small_whole_numbers_are_counted_as_they_are():
    numbers = [*range(-50, 51), 100, 1000]
    assert of(numbers).counts == {str(number): 1 for number in numbers}


def test_zero_nan_and_infinities_are_counted_apart_and_are_in_no_range():
    values = [0.0, -0.0, 1e-300, float("nan"), float("inf"), float("-inf"), -3.0, 5.0, None]
    column = of(values, Column("it", "number", nullable=True))
    assert column.counts == {"0": 3, "nan": 1, "inf": 1, "-inf": 1, "-3": 1, "5": 1}
    assert (column.rows, column.nulls, uncounted(column)) == (9, 1, 0)
    assert (column.low, column.high) == (-3, 5)


def test_a_table_without_rows_has_a_profile_that_adds_nothing():
    none, some = (profile(table(rows).lazy(), CONTRACT) for rows in ([], [(3.0, "cook", True, None, "a", "f")]))
    assert merged(none, some) == some == merged(some, none)
    assert none.columns["number"].quantile(0.5) is None
    assert moved(none, none) == []
    assert {each.distance for each in moved(none, some) if each.column} == {1.0}


def test_columns_are_judged_by_the_contract_and_else_by_their_polars_type():
    frame = pl.DataFrame({"age": ["20", "x"], "more": ["a", "b"], "n": [1, 2], "l": [[1], [2]], "d": [None, None]})
    found = profile(frame.lazy(), Contract(Column("age", "number"))).columns
    kinds = {name: column.dtype for name, column in found.items()}
    assert kinds == {"age": "number", "more": "text", "n": "number", "l": "List(Int64)", "d": "Null"}
    assert found["age"].counts == {"20": 1} and found["age"].nulls == 1
    assert uncounted(found["l"]) == 2


def test_a_table_of_many_batches_has_the_profile_of_one(monkeypatch):
    rows = [(float(number % 700), JOBS[number % 3], None, None, f"text {number}", "m") for number in range(3000)]
    once = profile(table(rows).lazy(), CONTRACT)
    monkeypatch.setattr(profiles, "BATCH_ROWS", 100)
    assert profile(table(rows).lazy(), CONTRACT) == once


def test_times_are_counted_by_month_and_those_beyond_any_calendar_are_not():
    column = of([0, 86_400_000_000, 2_678_400_000_000, 2**63 - 1], Column("it", "time"), pl.Datetime("us"))
    assert column.counts == {"1970-01": 2, "1970-02": 1} and uncounted(column) == 1
    assert column.low == 0


def test_above_the_limit_the_same_values_stay_counted_whichever_part_they_are_in():
    a, b = [f"value {number}" for number in range(1800)] * 2, [f"value {number}" for number in range(900, 3000)]
    parts, both = (of(a), of(b)), of(a + b)
    assert len(both.counts) == LIMIT and uncounted(both) > 0
    assert parts[0] + parts[1] == both == parts[1] + parts[0]
    assert alone(both, both) is None
    shared = of(a + a)
    assert distance(parts[0], shared) == 0
    assert 0.2 < distance(*parts) < 0.9


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Column("it", "text", "id"), ["Ann", "Bo"]),
        (Column("it", "number", "id"), [1234567, 7654321]),
        (Column("it", "text"), ["Ann", "Bo"]),
        (Column("it", "category", categories=("Ann", "Bo"), sensitive=True), ["Ann", "Bo"]),
        (Column("it", "number", "context"), [1234567, 7654321]),
        (None, ["Ann", "Bo"]),
        (Column("it", "category", categories=("cook",), unseen="accept"), ["Ann", "Bo"]),
    ],
    ids=["id", "number id", "text", "sensitive", "context", "nobody said", "unseen"],
)
def test_values_that_may_not_be_quoted_stand_neither_in_a_profile_nor_in_a_sentence(column, values):
    first, second = of(values[:1], column), of(values[1:], column)
    move = alone(first, second)
    told = json.dumps([first.counts, second.counts, first.low, first.high, first.examples, move and move.what])
    assert not any(str(value) in told for value in values)


def test_examples_are_what_occurs_most_where_that_may_be_quoted():
    column = Column("it", "category", categories=JOBS)
    assert of(["cook", "smith", "cook", "clerk", "baker"], column).examples == ("cook", "clerk", UNLISTED)


def test_a_profile_comes_back_from_json():
    found = profile(table([(3.0, "cook", True, datetime(2024, 1, 2), "a", "f")]).lazy(), CONTRACT)
    assert Profile.of(json.loads(json.dumps(found.plain(), allow_nan=False))) == found


def test_profiles_of_other_columns_or_types_do_not_add_up():
    one, text, more = (profile(pl.DataFrame(each).lazy()) for each in ({"n": [1]}, {"n": ["a"]}, {"n": [1], "m": [1]}))
    for other in (text, more):
        with pytest.raises(ValueError, match="do not add up"):
            merged(one, other)
