"""Synthetic rows keep any contract, and each poison is found for its own reason alone."""

from importlib import import_module
from typing import get_args

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops.contract.synthetic import poisoned, rows
from mlops.contract.types import Column, Contract, Dtype
from mlops.contract.validate import violations
from tests.support.project import Project

whole = st.integers(-1000, 1000)
real = st.floats(-1e6, 1e6)
ranges = st.none() | st.one_of(
    *(st.tuples(end, end).filter(lambda ends: ends[0] < ends[1] - 1e-3) for end in (whole, real)),
    st.tuples(whole, st.just(float("inf"))),
    st.tuples(st.just(float("-inf")), real),
)
categories = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True).map(tuple)


@st.composite
def features(draw: st.DrawFn, name: str) -> Column:
    dtype: Dtype = draw(st.sampled_from(get_args(Dtype)))
    return Column(
        name,
        dtype,
        range=draw(ranges) if dtype == "number" else None,
        categories=draw(categories) if dtype == "category" else (),
        nullable=draw(st.booleans()),
        unseen=draw(st.sampled_from(["accept", "refuse"])),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    columns = [draw(features(f"column {number}")) for number in range(draw(st.integers(0, 4)))]
    key = draw(st.sampled_from([Column("key", "text", "id"), Column("key", "number", "id"), Column("key", "number")]))
    label = draw(
        st.sampled_from([None, Column("label", "flag", "label"), Column("label", "number", "label")])
        | categories.map(lambda names: Column("label", "category", "label", categories=names))
    )
    return Contract(*columns, key, *([label] if label else []), min_rows=draw(st.integers(1, 50)), min_label_share=0.05)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contract=contracts(), seed=st.integers(0, 2**32))
def test_synthetic_rows_keep_their_contract_and_each_poison_breaks_it_once(contract: Contract, seed: int):
    good = rows(contract, 200, seed)
    assert violations(good.lazy(), contract) == []
    assert good.equals(rows(contract, 200, seed))
    for poison in poisoned(contract, seed):
        found = [(each.column, each.check) for each in violations(poison.frame.lazy(), contract)]
        assert found == [(poison.column, poison.check)], poison.name


def test_the_contracts_of_the_reference_project_refuse_every_poison(reference: Project):
    contract = import_module(f"{reference.package}.contract")
    for each in (*contract.SOURCES.values(), contract.ROW):
        for poison in poisoned(each):
            found = [(one.column, one.check) for one in violations(poison.frame.lazy(), each)]
            assert found == [(poison.column, poison.check)], poison.name


def test_whole_bounds_give_whole_numbers_and_nulls_come_where_they_may():
    contract = Contract(Column("key", "text", "id"), Column("n", "number", range=(0, 3), nullable=True))
    values = rows(contract, 500)["n"]
    assert set(values) == {0, 1, 2, 3, None}


def test_more_rows_than_a_contract_allows_are_refused():
    with pytest.raises(ValueError, match="fewer than 10 different rows"):
        rows(Contract(Column("a", "flag"), Column("b", "flag")), 10)


def test_classes_of_the_label_have_equal_shares():
    contract = Contract(Column("key", "text", "id"), Column("y", "category", "label", categories=("a", "b", "c")))
    assert sorted(rows(contract, 300)["y"].value_counts()["count"]) == [100, 100, 100]
    assert rows(contract, 300).schema["y"] == pl.String
