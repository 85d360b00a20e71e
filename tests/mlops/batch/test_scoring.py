"""Every row is scored, or set aside with the reason."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlops import digest
from mlops.batch.scoring import TableScorer
from mlops.contract.synthetic import poisoned
from mlops.contract.types import UNSEEN, Column, Contract
from mlops.errors import Misuse
from tests.mlops.batch.conftest import Desk, Model
from tests.support import small_model
from tests.support.small_model import ROW

ASKED = Contract(*(column for column in ROW if column.role in ("id", "feature")), min_rows=0)
OF_A_ROW = ("type", "nulls", "finite", "range", "categories")
POISONS = [each for each in poisoned(ASKED) if each.check in OF_A_ROW and "list" not in each.name]


def test_parts_have_id_predictions_model_file_and_row_and_nothing_of_the_input(desk: Desk):
    table = desk.rows(250)
    summary = desk.score(desk.table(table))
    found = desk.scored()
    assert found.columns == ["id", "score", "decision", "model", "file", "row"]
    assert found["id"].to_list() == table["id"].to_list()
    assert found["row"].to_list() == list(range(1, 251))
    assert set(found["model"]) == {"small:1"} and set(found["file"]) == {"rows.parquet"}
    assert (summary["rows"], summary["scored"], summary["bad"]) == (250, 250, 0)
    assert sorted(summary["unread"]) == ["good", "sex"]


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.name)
def test_a_row_that_breaks_the_contract_is_set_aside_and_the_others_are_scored(desk: Desk, poison):
    desk.score(desk.table(poison.frame))
    bad = desk.bad()
    assert bad.columns == ["id", "file", "row", "reason"]
    assert bad["row"].to_list() == [len(poison.frame) // 2 + 1]
    assert bad["reason"][0].startswith(f"{poison.column}: ")
    assert desk.scored()["row"].to_list() == [n for n in range(1, len(poison.frame) + 1) if n not in bad["row"]]


def test_all_that_is_wrong_with_a_row_is_said_and_its_values_are_not(desk: Desk):
    table = desk.rows(40).with_columns(age=pl.when(pl.col("id") == "id-0000003").then(170).otherwise("age"))
    table = table.with_columns(income=pl.when(pl.col("age") == 170).then(float("inf")).otherwise("income"))
    desk.score(desk.table(table), errors=0.1)
    assert desk.bad()["reason"].to_list() == ["age: outside 18 to 90 years; income: equal to infinity"]


def test_what_the_contract_accepts_unseen_or_missing_is_scored_as_that(desk: Desk):
    table = desk.rows(3).with_columns(job=pl.Series(["astronaut", None, "cook"]), income=pl.lit(None, pl.Float64))
    seen = {}

    def predict(columns):
        seen.update(columns)
        return small_model.predict(columns)

    desk.score(desk.table(table), model=Model(predict))
    assert seen["job"].tolist() == [UNSEEN, -1, 1] and np.isnan(seen["income"]).all()


def test_a_number_that_is_none_is_never_written(desk: Desk):
    def predict(columns):
        return {"score": np.where(columns["age"] > 50, np.nan, columns["age"])}

    table = desk.rows(150)
    desk.score(desk.table(table), model=Model(predict), errors=1)
    assert set(desk.bad()["reason"]) == {"the model gave no finite number"}
    assert desk.bad()["row"].to_list() == [n for n, age in enumerate(table["age"], 1) if age > 50]
    assert len(desk.scored()) + len(desk.bad()) == 150


@pytest.mark.parametrize(
    ("label", "predicted", "said"),
    [
        (Column("kind", "category", "label", categories=("low", "high")), np.int32(1), "high"),
        (Column("kind", "flag", "label"), np.int8(1), True),
        (Column("kind", "number", "label", range=(0, 9)), 4.5, 4.5),
    ],
)
def test_labels_are_written_in_their_words(desk: Desk, label: Column, predicted, said):
    row = Contract(Column("age", "number", range=(0, 100)), label)
    table = desk.rows(5, row)
    desk.score(desk.table(table), row=row, model=Model(lambda x: {"label": np.full(len(x["age"]), predicted)}))
    assert desk.scored()["label"].to_list() == [said] * 5
    assert desk.scored()["id"].to_list() == [None] * 5


def test_csv_and_a_folder_of_parts_give_what_one_file_gives(desk: Desk):
    table = desk.rows(250)
    desk.score(desk.table(table))
    desk.score(desk.table(table, "rows.csv"), to="of_csv")
    for number, part in enumerate((table.head(120), table.tail(130))):
        desk.table(part, f"folder/{number}.parquet")
    desk.score(desk.path / "folder", to="of_folder")
    one, of_csv, of_folder = (desk.scored(to).drop("file", "row") for to in ("out", "of_csv", "of_folder"))
    assert one.equals(of_csv) and one.equals(of_folder)
    assert not (desk.path / "of_csv" / ".csv").exists()
    assert desk.scored("of_folder")["file"].value_counts(sort=True).rows() == [("1.parquet", 130), ("0.parquet", 120)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop("id"), "id: the column is missing"),
        (lambda table: table.rename({"age": "aged"}), "age: the column is missing; is it 'aged'?"),
        (lambda table: table.with_columns(age=pl.concat_list("age", "age")), "age: the column is List"),
    ],
)
def test_a_table_without_a_column_is_refused_before_anything_is_scored(desk: Desk, change, sentence):
    with pytest.raises(Misuse, match="nothing of it was scored") as error:
        desk.score(desk.table(change(desk.rows(10))))
    assert sentence in str(error.value)
    assert not (desk.path / "out").exists()


def test_a_damaged_file_is_named(desk: Desk):
    file = desk.table(desk.rows(250))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Misuse, match=r"rows.parquet: cannot be read"):
        desk.score(file)


def test_a_model_is_the_same_in_what_the_registry_has(tmp_path: Path) -> None:
    (package := tmp_path / "asset" / "artifact" / "code" / "small").mkdir(parents=True)
    (package / "predict.py").write_text("class Predictor:\n    load = classmethod(lambda cls, folder: folder.name)\n")
    (package / "contract.py").write_text("from tests.support.small_model import ROW as ROW\n")
    asset = tmp_path / "asset"
    with TableScorer.of_folder(asset, "small") as scorer:
        assert (scorer.predictor, scorer.digest) == ("artifact", digest.of_folder(asset / "artifact"))
    with TableScorer.of_folder(asset / "artifact", "small") as other:
        assert other.model == scorer.model
