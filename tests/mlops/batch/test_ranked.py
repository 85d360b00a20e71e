"""The ranked list: the first rows of all, with reasons in words."""

import numpy as np
import polars as pl
import pytest

from mlops.contract.types import Column, Contract
from mlops.errors import Refused
from mlops.reasons import sentences
from tests.mlops.batch.conftest import Desk, Model

CLASSES = Contract(
    Column("age", "number", range=(0, 100)), Column("kind", "category", "label", categories=("low", "mid", "high"))
)
SAID = Contract(
    Column("age", "number", unit="years", range=(0, 100)),
    Column("has_job", "flag", nullable=True),
    Column("place", "category", categories=("town",), nullable=True, unseen="accept"),
    Column("remarks", "text"),
    Column("sex", "flag", sensitive=True),
)
ONE = pl.DataFrame({"age": [1234.5], "has_job": [True], "place": [None], "remarks": ["secret"], "sex": [True]})


def said(at: str | None = None, **reasons: float) -> str:
    frame = ONE.with_columns(place=pl.lit(at, pl.String))
    return sentences(frame, SAID, {f"reason.{name}": np.array([value]) for name, value in reasons.items()})[0]


def test_the_first_of_all_pieces_are_listed_the_greatest_first_and_ties_as_they_came(desk: Desk):
    def predict(columns):
        return {"score": np.round(columns["age"] / 90, 1)}

    desk.score(desk.table(desk.rows(950)), top=120, model=Model(predict))
    listed = pl.read_parquet(desk.path / "out" / "ranked.parquet")
    expected = desk.scored().sort("score", descending=True, maintain_order=True).head(120)
    assert listed["rank"].to_list() == list(range(1, 121))
    assert listed.drop("rank", "reasons").equals(expected)
    assert len(set(expected["score"])) < 5
    in_words = pl.read_csv(desk.path / "out" / "ranked.csv")
    assert in_words["reasons"].equals(listed["reasons"]) and in_words["id"].equals(listed["id"])


def test_reasons_belong_to_their_row(desk: Desk):
    table = desk.rows(350)
    desk.score(desk.table(table), top=350)
    ages = dict(zip(table["id"], table["age"], strict=True))
    listed = pl.read_parquet(desk.path / "out" / "ranked.parquet")
    for id, words in listed.select("id", "reasons").iter_rows():
        move = ages[id] - 20
        expected = f"age {ages[id]} years {'raises' if move > 0 else 'lowers'} it"
        assert (expected in words) == (move != 0)


def test_a_list_longer_than_the_table_has_all_of_it_and_none_is_written_for_none(desk: Desk):
    source = desk.table(desk.rows(30))
    assert desk.score(source, top=1000)["ranked"] == 30
    assert desk.score(source, to="none", top=0)["ranked"] == 0
    assert not (desk.path / "none" / "ranked.parquet").exists()


@pytest.mark.parametrize(
    ("names", "by"),
    [
        (("score", "value"), "value"),
        (("score", "decision"), "score"),
        (("score.low", "score.mid", "score.high", "label"), "score.high"),
    ],
)
def test_rows_are_ranked_by_value_or_score_or_the_score_of_the_last_class(desk: Desk, names, by):
    def predict(columns):
        return {name: columns["age"].astype(np.int32) % 3 if name == "label" else columns["age"] for name in names}

    source = desk.table(desk.rows(20, CLASSES))
    model = type("Model", (), {"predict": staticmethod(predict)})()
    assert desk.score(source, top=5, row=CLASSES, model=model)["ranked_by"] == by
    listed = pl.read_parquet(desk.path / "out" / "ranked.parquet")
    assert listed[by].is_sorted(descending=True) and listed["reasons"].null_count() == 5


def test_predictions_without_anything_to_rank_by_are_refused_in_words(desk: Desk):
    model = type("Model", (), {"predict": staticmethod(lambda x: {"label": np.zeros(len(x["age"]), np.int32)})})()
    with pytest.raises(Refused, match="Offer one in predict.py, or say --top 0"):
        desk.score(desk.table(desk.rows(20, CLASSES)), top=5, row=CLASSES, model=model)


def test_the_greatest_reasons_are_said_with_value_unit_and_direction():
    assert said(age=2.0, has_job=-3.0, place=0.5) == (
        "has job yes lowers it; age 1,234.5 years raises it; place not given raises it"
    )


def test_at_most_three_are_said_and_none_that_moves_nothing():
    assert said(age=0.0, has_job=0.1) == "has job yes raises it"
    assert said(age=1.0, has_job=2.0, place=3.0, made_up=0.5).count("it") == 3


def test_sensitive_columns_are_not_said_and_text_is_not_quoted():
    assert said(sex=9.0, remarks=1.0) == "remarks raises it"


def test_free_text_in_place_of_a_category_is_not_quoted():
    assert said("town", place=1.0) == "place town raises it"
    assert said("with Jane", place=1.0) == "place not in the list raises it"


def test_a_category_that_a_table_holds_as_a_number_is_one_of_the_list():
    zone = Contract(Column("zone", "category", categories=("1", "2"), unseen="accept"))
    told = sentences(pl.DataFrame({"zone": [2, 3]}), zone, {"reason.zone": np.array([1.0, 1.0])})
    assert told == ["zone 2 raises it", "zone not in the list raises it"]
