"""What the contract of the applications rules out, and how their label and age band are made."""

import polars as pl
import pytest

from mlops.contract.validate import violations


@pytest.fixture(scope="module")
def applications(project):
    return pl.read_parquet(project / "data/applications.parquet")


def test_every_number_has_a_unit_and_a_range(model):
    for contract in (*model.contract.SOURCES.values(), model.contract.ROW):
        for column in contract:
            assert column.dtype != "number" or (column.unit and column.range), column.name


@pytest.mark.parametrize(
    ("column", "poison", "check"),
    [
        ("age", 7, "range"),
        ("age", None, "nulls"),
        ("education_num", 17, "range"),
        ("capital_gain", -1, "range"),
        ("hours_per_week", 168, "range"),
        ("marital_status", "Engaged", "categories"),
        ("relationship", "", "categories"),
        ("sex", "F", "categories"),
        ("race", None, "nulls"),
        ("income", "50K", "categories"),
        ("application_id", "A-000001", "unique"),
        ("received", None, "nulls"),
    ],
)
def test_a_poisoned_row_is_found(model, applications, column, poison, check):
    poisoned = (
        applications.head(2000)
        .with_row_index("row")
        .with_columns(pl.when(pl.col("row") == 1234).then(pl.lit(poison)).otherwise(pl.col(column)).alias(column))
    )
    (found,) = violations(poisoned.drop("row").lazy(), model.contract.SOURCES["applications"])
    assert (found.column, found.check, found.count) == (column, check, 1)


@pytest.mark.parametrize("column", ["workclass", "occupation", "native_country"])
@pytest.mark.parametrize("value", [None, "Not seen before"])
def test_what_callers_may_leave_open_is_accepted(model, applications, column, value):
    changed = applications.head(2000).with_columns(pl.lit(value, pl.String).alias(column))
    assert violations(changed.lazy(), model.contract.SOURCES["applications"]) == []


def test_both_spellings_of_an_income_mean_the_same(model, applications):
    incomes = ["<=50K", "<=50K.", ">50K", ">50K."]
    four = applications.head(4).with_columns(pl.Series("income", incomes))
    labels = model.prepare.prepare({"applications": four.lazy()}).collect()["eligible"]
    assert labels.to_list() == [True, True, False, False]


def test_age_bands_meet_without_a_gap(model, applications):
    ages = {
        17: "under 25",
        24: "under 25",
        25: "25 to 44",
        44: "25 to 44",
        45: "45 to 64",
        64: "45 to 64",
        65: "65 and over",
    }
    people = applications.head(len(ages)).with_columns(pl.Series("age", list(ages)))
    bands = model.prepare.prepare({"applications": people.lazy()}).collect()["age_band"]
    assert bands.to_list() == list(ages.values())
