"""The gate on data: one verdict for each thing that is wrong, or one that nothing is."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from mlops import settings
from mlops.contract.synthetic import poisoned, rows
from mlops.contract.types import Column, Contract
from mlops.errors import Misuse
from mlops.gates.base import Context, Verdict
from mlops.gates.run import judge
from tests.support.project import Project

PEOPLE = Contract(
    Column("id", "text", "id"),
    Column("age", "number", unit="years", range=(17, 90)),
    Column("sex", "category", "context", categories=("f", "m"), sensitive=True),
    Column("good", "flag", "label"),
    min_rows=10,
)


@pytest.fixture
def context(reference: Project, tmp_path: Path) -> Context:
    path = tmp_path / "people.parquet"
    rows(PEOPLE, 50).write_parquet(path)
    known = settings.load(reference.path / "mlops.yaml")
    return Context(settings=known, contracts={"people": PEOPLE}, sources={"people": path})


def judged(context: Context) -> list[Verdict]:
    return [verdict for verdict in judge("data", context) if verdict.gate == "schema"]


def test_good_data_passes_with_one_sentence(context: Context):
    [verdict] = judged(context)
    assert verdict.passed and verdict.stands and verdict.subject == "people"
    assert verdict.why == "people: its columns, types, values, ids, size and labels are as its contract says."


def test_each_poison_is_refused_by_one_verdict_on_its_column(context: Context):
    for poison in poisoned(PEOPLE):
        poison.frame.write_parquet(context.sources["people"])
        refusing = [verdict for verdict in judged(context) if not verdict.stands]
        assert [verdict.subject for verdict in refusing] == [f"people.{poison.column}".rstrip(".")], poison.name
        assert refusing[0].why.startswith(f"{refusing[0].subject}: ") and refusing[0].next_step


def test_a_verdict_says_what_where_and_what_to_do(context: Context):
    frame = rows(PEOPLE, 50).with_columns(age=pl.when(pl.int_range(pl.len()) == 16).then(230).otherwise("age"))
    frame.write_parquet(context.sources["people"])
    (refusing,) = (verdict for verdict in judged(context) if not verdict.stands)
    assert refusing.why == "people.age: 1 value outside 17 to 90 years, for instance 230 (row 17)."
    assert refusing.measured == 1
    assert "Correct them" in refusing.next_step


def test_a_verdict_quotes_no_sensitive_value(context: Context):
    frame = rows(PEOPLE, 50).with_columns(
        id=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("id-0000000")).otherwise("id"),
        sex=pl.when(pl.int_range(pl.len()) == 16).then(pl.lit("Ann Lee, 12 High Street")).otherwise("sex"),
    )
    frame.write_parquet(context.sources["people"])
    twice, unknown = sorted(verdict.why for verdict in judged(context) if not verdict.stands)
    assert twice == "people.id: 1 row with the id of another row, for instance row 4."
    assert unknown == "people.sex: 1 value in no category of the contract, for instance row 17."


def test_an_unreadable_source_is_wrong_use_and_not_a_verdict(context: Context):
    path = context.sources["people"]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Misuse, match=str(path)):
        judge("data", context)


def test_a_source_that_was_not_given_is_refused(context: Context):
    (verdict,) = judged(replace(context, sources={}))
    assert not verdict.passed and verdict.why == "schema could not be measured: KeyError: 'people'."
