"""What moved between two tables is told from their profiles, and nothing else is."""

import polars as pl
import pytest
from hypothesis import given, settings

from mlops.contract import profile as profiles
from mlops.contract.moved import Move, distance, moved
from mlops.contract.profile import ColumnProfile, merged, profile
from mlops.contract.types import Column, Contract
from tests.mlops.contract.tables import CONTRACT, JOBS, ROWS, alone, of, table


@settings(deadline=None, max_examples=40)
@given(ROWS, ROWS)
def test_nothing_moves_to_itself_and_distances_are_symmetric_and_at_most_one(first, second):
    a, b = (profile(table(rows).lazy(), CONTRACT) for rows in (first, second))
    assert moved(a, a) == [] and moved(merged(a, a), merged(a, a)) == []
    for name, column in a.columns.items():
        assert distance(column, column) == 0
        assert 0 <= distance(column, b.columns[name]) == distance(b.columns[name], column) <= 1


def test_the_limit_never_makes_tables_look_farther_apart_than_they_are(monkeypatch):
    few, all = ([f"value {number}" for number in range(count)] for count in (600, 3000))
    limited = distance(of(few), of(all))
    monkeypatch.setattr(profiles, "LIMIT", 10_000)
    assert 0 < limited <= distance(of(few), of(all))


def test_ids_are_not_counted_so_that_other_ids_are_no_move():
    first, second = (of(values, Column("it", "text", "id")) for values in (["a", "b"], ["c", "d"]))
    assert first.counts == {} and first.rows == 2
    assert distance(first, second) == 0 and alone(first, second) is None


def test_what_moved_is_told_in_sentences_the_farthest_first():
    before, after = (
        pl.DataFrame(
            {
                "age": ages,
                "job": jobs,
                "same": [True, False] * 5,
                "pay": pay,
                "sex": ["f"] * 8 + ["m", sex],
                gone: [1] * 10,
            }
        )
        for ages, jobs, pay, sex, gone in (
            ([37] * 9 + [20], ["clerk"] * 5 + ["cook"] * 4 + ["smith"], [1] * 10, "m", "old"),
            ([41] * 8 + [20, None], ["clerk"] * 7 + ["cook", "baker", "miller"], ["1"] * 10, "x", "new"),
        )
    )
    contract = Contract(
        Column("age", "number"),
        Column("job", "category", categories=JOBS),
        Column("sex", "category", "context", categories=("f", "m"), sensitive=True),
    )
    found = moved(profile(before.lazy(), contract), profile(after.lazy(), contract))
    told = {each.column: each.what for each in found}
    assert told == {
        "pay": ("type number -> text",),
        "old": ("column is gone",),
        "new": ("column is new",),
        "age": ("nulls 0 % -> 10.0 %", "median 37 -> 41", "range 20 to 37 -> 20 to 41"),
        "job": ("1 new value: 'not in the list'", "1 gone value: 'smith'", "'cook' 40.0 % -> 10.0 %"),
        "sex": ("1 new value",),
    }
    distances = [each.distance for each in found]
    assert distances == sorted(distances, reverse=True) and distances[:3] == [1, 1, 1]


def test_more_rows_of_the_same_move_the_table_and_no_column():
    one = profile(pl.DataFrame({"n": [1, 2]}).lazy())
    assert moved(one, merged(one, one)) == [Move("", ("rows 2 -> 4",), 0.0)]


def test_the_distance_is_that_of_jensen_and_shannon_to_base_two():
    def shares(*counts: int) -> ColumnProfile:
        return of([name for name, count in zip("abc", counts, strict=True) for _ in range(count)])

    assert distance(shares(1, 0, 0), shares(0, 1, 1)) == 1
    assert distance(shares(1, 1, 0), shares(1, 0, 0)) == pytest.approx(0.5579230452841438)
    assert distance(of(["a", None]), of(["a"])) == pytest.approx(0.5579230452841438)


def test_first_nulls_are_told_however_few():
    move = alone(of([1] * 10_000), of([1] * 9_999 + [None]))
    assert move is not None and move.what == ("nulls 0 % -> under 0.1 %",)


def test_numbers_that_no_contract_names_and_those_of_context_are_quoted_nowhere():
    for column in (None, Column("it", "number", "context")):
        few, many = (
            profile(pl.DataFrame({"it": [7019834.0 * n] * 9}).lazy(), Contract(column) if column else None)
            for n in (1, 2)
        )
        assert (few.columns["it"].low, few.columns["it"].high) == (None, None)
        assert "70198" not in str(moved(few, many)) and moved(few, many)[0].distance == 1
