"""Adding outcomes: what each count means, and which row of an id counts in the end."""

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.contract.table import INSTANT
from mlops.contract.types import Column
from mlops.outcomes import rows, store
from tests.mlops.outcomes.conftest import FLAG, HEADS, NOW, Desk


def test_an_outcome_is_stored_with_what_the_person_decided(desk: Desk):
    counts = desk.add("a-1,true,2026-11-20T08:30:00Z,granted")
    assert (counts["new"], counts["observed"], counts["stored"]) == (1, 1, 1)
    found = store.read(desk.folder)
    assert found.columns == ["id", "outcome", "observed", "time", "decision", "received"]
    (row,) = found.drop("id").rows(named=True)
    assert row == {
        "outcome": True,
        "observed": True,
        "time": datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
        "decision": "granted",
        "received": NOW,
    }


def test_nobody_looked_is_not_a_negative(desk: Desk):
    counts = desk.add("seen,false,2026-11-20,denied", "unseen,,,denied")
    assert (counts["new"], counts["observed"], counts["unobserved"]) == (2, 1, 1)
    answers = desk.answers(["seen", "unseen"])
    assert answers == {"seen": (False, True, "denied"), "unseen": (None, False, "denied")}


def test_an_outcome_that_somebody_filled_in_without_looking_is_not_kept(desk: Desk):
    heads = f"{HEADS},looked"
    counts = desk.add("a,false,2026-11-20,,false", "b,false,2026-11-20,,TRUE", "c,false,2026-11-20,,", heads=heads)
    assert (counts["observed"], counts["unobserved"]) == (2, 1)
    answers = desk.answers("abc")
    assert answers == {"a": (None, False, None), "b": (False, True, None), "c": (False, True, None)}


def test_the_same_file_again_adds_nothing(desk: Desk):
    lines = ("a,true,2026-11-20,granted", "b,,,denied", "c,false,2026-11-20,granted", "c,true,2026-11-20,granted")
    assert desk.add(*lines)["stored"] == 4
    before = store.read(desk.folder)
    again = desk.add(*lines)
    assert (again["duplicate"], again["new"], again["stored"]) == (4, 0, 0)
    assert store.read(desk.folder).equals(before) and len(list(desk.folder.glob("*.parquet"))) == 1


def test_a_row_twice_in_one_file_counts_once(desk: Desk):
    counts = desk.add("a,true,2026-11-20,granted", "a,true,2026-11-20,granted", "a,true,2026-11-20,denied")
    assert (counts["new"], counts["duplicate"], counts["revised"], counts["stored"]) == (1, 1, 1, 2)


@pytest.mark.parametrize("together", [True, False])
def test_of_contradictory_outcomes_the_later_counts(desk: Desk, together: bool):
    late, early = "a,true,2026-11-20,granted", "a,false,2026-11-19,denied"
    counts = desk.add(late, early) if together else (desk.add(late), desk.add(early))[1]
    assert (counts["contradictory"], counts["duplicate"], counts["revised"]) == (1, 0, 0)
    assert desk.answers("a") == {"a": (True, True, "granted")}
    assert len(store.stored(desk.folder)) == 2


def test_contradictory_outcomes_of_one_time_leave_it_unobserved(desk: Desk):
    assert desk.add("a,true,2026-11-20,granted", "a,false,2026-11-20,granted")["contradictory"] == 1
    assert desk.answers("a") == {"a": (None, False, "granted")}
    assert desk.add("a,false,2026-11-21,granted")["contradictory"] == 0
    assert desk.answers("a") == {"a": (False, True, "granted")}


def test_an_outcome_that_is_said_again_outdoes_what_came_in_between(desk: Desk):
    for day, outcome in ((1, "true"), (2, "false"), (3, "true")):
        desk.add(f"a,{outcome},2026-11-0{day},")
    assert desk.answers("a") == {"a": (True, True, None)}


def test_a_duplicate_is_stored_only_for_a_later_time(desk: Desk):
    desk.add("a,true,2026-11-03,")
    assert desk.add("a,true,2026-11-01,", "a,true,2026-11-02,")["stored"] == 0
    counts = desk.add("a,true,2026-11-05,", "a,true,2026-11-04,")
    assert (counts["duplicate"], counts["stored"]) == (2, 1)


def test_an_outcome_that_comes_at_last_stays(desk: Desk):
    desk.add("a,,,granted")
    assert desk.add("a,true,2026-11-01,granted")["revised"] == 1
    counts = desk.add("a,,2026-11-20,granted")
    assert (counts["contradictory"], counts["unobserved"]) == (0, 1)
    assert desk.answers("a") == {"a": (True, True, "granted")}


def test_of_two_decisions_on_one_outcome_the_later_counts(desk: Desk):
    desk.add("a,true,2026-11-10,denied")
    assert desk.add("a,true,2026-11-12,granted")["revised"] == 1
    assert desk.answers("a") == {"a": (True, True, "granted")}


def test_what_comes_long_after_its_time_is_late_once(desk: Desk):
    lines = ("a,true,2026-10-01,", "b,true,2026-11-20,", "c,,,")
    assert desk.add(*lines, days=60)["late"] == 0
    assert desk.add(*lines, days=30)["late"] == 0, "duplicates change no figure"
    assert desk.add("d,true,2026-10-01,", "e,true,2026-11-20,", days=30)["late"] == 1


@pytest.mark.parametrize(
    ("label", "texts", "values"),
    [
        (Column("class", "category", "label", categories=("low", "high")), ("high", "low"), ["high", "low"]),
        (Column("price", "number", "label", range=(0, 100)), ("2.5", "0"), [2.5, 0.0]),
        (FLAG, ("TRUE", "0"), [True, False]),
    ],
)
def test_an_outcome_has_the_type_of_the_label(desk: Desk, label: Column, texts: tuple[str, str], values: list):
    desk.label = label
    desk.add(f"a,{texts[0]},2026-11-19,", f"b,{texts[1]},2026-11-20,")
    assert store.read(desk.folder).sort("time")["outcome"].to_list() == values


def test_parquet_with_numbers_as_ids_says_the_same_as_csv(desk: Desk):
    table = {"request_id": [7, 8], "outcome": [1.5, float("nan")], "time": [NOW, None], "decision": ["x", None]}
    desk.label = Column("price", "number", "label")
    pl.DataFrame(table).write_parquet(desk.path / "rows.parquet")
    assert desk.file(desk.path / "rows.parquet")["unobserved"] == 1
    assert desk.answers(["7", "8"]) == {"7": (1.5, True, "x"), "8": (None, False, None)}


def test_a_link_to_a_file_is_read(desk: Desk):
    (desk.path / "link.csv").symlink_to(desk.csv("a,true,2026-11-20,"))
    assert desk.file(desk.path / "link.csv")["new"] == 1


def test_no_id_is_written_anywhere_and_the_key_is_the_owners(desk: Desk):
    requests = [f"applicant-{number:03}" for number in range(200)]
    desk.add(*(f"{request},true,2026-11-20,granted" for request in requests))
    written = [path for path in desk.state.rglob("*") if path.is_file()]
    assert len(written) == 3
    assert not [path for path in written if b"applicant" in path.read_bytes() or "applicant" in path.name]
    assert set(desk.answers(requests)) == set(requests)
    key = desk.state / "keys" / "outcomes"
    assert len(desk.key) == 32 and stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not [path for path in written if path != key and desk.key in path.read_bytes()]


def add(state: Path, file: Path) -> int:
    return store.add(state, file, FLAG, NOW, NOW - timedelta(days=30))["new"]


def test_files_added_at_once_are_all_there_and_under_one_key(desk: Desk):
    files = [desk.csv(f"a{number},true,2026-11-20,", "shared,true,2026-11-20,") for number in range(8)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        new = pool.starmap(add, [(desk.state, file) for file in files])
    assert sorted(new) == [1] * 7 + [2]
    assert len(desk.answers([*(f"a{number}" for number in range(8)), "shared"])) == 9


ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from("ab"),
        "outcome": st.sampled_from([True, False, None]),
        "time": st.sampled_from([NOW - timedelta(days=day) for day in range(3)]),
        "decision": st.none(),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=4), min_size=1, max_size=4), st.randoms())
def test_what_counts_does_not_depend_on_the_order_of_files_or_rows(files: list[list[dict]], random):
    def counting(parts: list[list[dict]]) -> list[tuple]:
        known = store.EMPTY
        for part in parts:
            found = pl.DataFrame(part, schema={"id": pl.String, "outcome": pl.Boolean, "time": INSTANT})
            found = found.with_columns(observed=pl.col("outcome").is_not_null(), decision=pl.lit(None, pl.String))
            worth, counts = rows.added(known, found.with_columns(received=pl.lit(NOW)), NOW)
            assert sum(counts[name] for name in ("new", "duplicate", "contradictory", "revised")) == len(part)
            assert counts["observed"] + counts["unobserved"] == len(part)
            known = pl.concat([known, worth], how="vertical_relaxed")
        return sorted(rows.winners(known).select("id", "outcome", "observed", "time").rows())

    mixed = [random.sample(part, len(part)) for part in random.sample(files, len(files))]
    assert counting(files) == counting(mixed) == counting([*files, *mixed])
