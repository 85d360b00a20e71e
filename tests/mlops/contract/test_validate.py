"""Everything that is wrong with a table is found at once, counted, and shown by examples."""

from pathlib import Path

import polars as pl
import pytest

from mlops.contract.read import scan
from mlops.contract.types import Column, Contract
from mlops.contract.validate import violations
from mlops.contract.violation import Example

AGE = Column("age", "number", unit="years", range=(17, 90))
JOB = Column("job", "category", categories=("clerk", "cook"), nullable=True)
CONTRACT = Contract(
    Column("id", "text", "id"), AGE, JOB, Column("when", "time", "time"), Column("good", "flag", "label")
)


def table(**columns) -> pl.DataFrame:
    good = {
        "id": ["a", "b", "c", "d"],
        "age": [20, 30, 40, 50],
        "job": ["clerk", "cook", None, "cook"],
        "when": ["2024-01-01", "2024-01-02 10:00:00", "2024-01-02T10:00:00Z", "2024-01-03T10:00"],
        "good": [True, False, True, False],
    }
    return pl.DataFrame({**good, **columns}, strict=False)


def found(frame: pl.DataFrame, contract: Contract = CONTRACT) -> dict[tuple[str, str], str]:
    return {(each.column, each.check): str(each) for each in violations(frame.lazy(), contract)}


def test_a_table_that_keeps_its_contract_has_no_violation():
    assert found(table()) == {}


def test_a_violation_is_a_sentence_with_count_values_and_rows():
    (violation,) = violations(table(age=[230, 30, -1, 91]).lazy(), CONTRACT)
    assert str(violation) == "3 values outside 17 to 90 years, for instance 230 (row 1), -1 (row 3), 91 (row 4)"
    assert (violation.column, violation.check, violation.count) == ("age", "range", 3)
    assert violation.examples[0] == Example(1, 230)


def test_examples_differ_from_each_other():
    frame = pl.DataFrame({"id": range(100), "age": [1] * 50 + [2] * 50})
    (violation,) = violations(frame.lazy(), Contract(Column("id", "number", "id"), AGE))
    assert violation.examples == (Example(1, 1), Example(51, 2))


def test_all_violations_are_found_at_once_and_a_wrong_type_hides_none():
    frame = table(
        id=["a", "a", "c", None],
        age=["old", "30", "230", "inf"],
        job=["clerk", "baker", None, "cook"],
        when=["2024-01-01", "yesterday", None, "2024-01-03"],
        good=[True, True, True, True],
        more=[1, 2, 3, 4],
    )
    assert found(frame) == {
        ("more", "unexpected"): "the contract names no such column",
        ("id", "nulls"): "1 value missing, for instance row 4",
        ("age", "type"): "1 value that cannot be read as number, for instance 'old' (row 1)",
        ("age", "finite"): "1 value equal to infinity, for instance 'inf' (row 4)",
        ("age", "range"): "1 value outside 17 to 90 years, for instance '230' (row 3)",
        ("job", "categories"): "1 value in no category of the contract, for instance 'baker' (row 2)",
        ("when", "type"): "1 value that cannot be read as time, for instance 'yesterday' (row 2)",
        ("when", "nulls"): "1 value missing, for instance row 3",
        ("id", "unique"): "1 row with the id of another row, for instance row 2",
        ("good", "labels"): "only 'true' occurs, where a label has at least two classes",
    }


@pytest.mark.parametrize(
    ("column", "values", "sentence"),
    [
        (Column("who", "number", "id"), ["Ann", "2", "3"], "1 value that cannot be read as number, for instance row 1"),
        (Column("who", "text", "id"), ["Ann", "Bo", "Ann"], "1 row with the id of another row, for instance row 3"),
        (
            Column("pay", "number", "context", range=(0, 9)),
            [1, 12345, 67890],
            "2 values outside 0 to 9, for instance row 2, row 3",
        ),
        (
            Column("sex", "category", categories=("f", "m"), sensitive=True),
            ["f", "Ann", "m"],
            "1 value in no category of the contract, for instance row 2",
        ),
        (
            Column("seen", "time", "time"),
            ["soon", "2024-01-01", "2024-01-02"],
            "1 value that cannot be read as time, for instance 'soon' (row 1)",
        ),
    ],
    ids=["id", "id twice", "context", "sensitive", "others are quoted"],
)
def test_values_that_say_who_somebody_is_are_counted_and_placed_but_not_quoted(column, values, sentence):
    contract = Contract(column, Column("n", "number"))
    frame = pl.DataFrame({column.name: values, "n": [1, 2, 3]})
    assert list(found(frame, contract).values()) == [sentence]


def test_a_column_of_an_impossible_type_is_one_violation_beside_the_others():
    frame = table(age=[[1], [2], [3], [4]], job=["baker", None, None, None])
    assert found(frame) == {
        ("age", "type"): "the column is List(Int64), which cannot be read as number",
        ("job", "categories"): "1 value in no category of the contract, for instance 'baker' (row 1)",
    }


def test_a_renamed_column_is_one_violation_with_the_name_that_was_meant():
    assert found(table().rename({"age": "Age"})) == {("age", "missing"): "the column is missing; is it 'Age'?"}


@pytest.mark.parametrize(("value", "example"), [(None, "row 2"), (float("nan"), "nan (row 2)")])
def test_not_a_number_is_missing_whether_null_or_nan(value: float | None, example: str):
    frame = table(age=[20.0, value, 40.0, 50.0])
    assert found(frame) == {("age", "nulls"): f"1 value missing, for instance {example}"}
    nullable = Contract(*(column for column in CONTRACT if column is not AGE), Column("age", "number", nullable=True))
    assert found(frame, nullable) == {}


def test_an_unseen_category_may_be_accepted():
    accepting = Contract(Column("job", "category", categories=("clerk",), unseen="accept"))
    assert found(pl.DataFrame({"job": ["baker", "clerk"]}), accepting) == {}


def test_a_whole_row_twice_is_a_duplicate_and_not_an_id_twice():
    frame = pl.concat([table(), table()[:1]])
    assert found(frame) == {("", "duplicates"): "1 row repeating an earlier one, for instance row 5"}


def test_without_an_id_whole_rows_are_compared_and_order_of_values_matters():
    contract = Contract(Column("a", "number"), Column("b", "number"))
    assert found(pl.DataFrame({"a": [1, 2], "b": [2, 1]}), contract) == {}
    assert ("", "duplicates") in found(pl.DataFrame({"a": [1, 2, 1], "b": [2, 1, 2]}), contract)


def test_no_rows_are_refused_and_nothing_else_is_said():
    assert found(table()[:0]) == {("", "rows"): "0 rows, fewer than the 1 it must have"}


def test_a_rare_class_is_refused_below_its_least_share():
    contract = Contract(Column("id", "number", "id"), Column("good", "flag", "label"), min_label_share=0.1)
    frame = pl.DataFrame({"id": range(100), "good": [1] * 91 + [0] * 9})
    assert found(frame, contract) == {("good", "labels"): "1 class below a share of 10.00%: 'false' 9.00%"}
    assert found(frame[1:], contract) == {("good", "labels"): "1 class below a share of 10.00%: 'false' 9.09%"}
    assert found(frame[2:92], contract) != {}
    assert found(frame[10:], contract) == {}


def test_a_class_may_be_absent_where_no_share_is_asked_for():
    label = Column("y", "category", "label", categories=("a", "b", "c"))
    frame = pl.DataFrame({"y": ["a", "b"]})
    assert found(frame, Contract(label)) == {}
    assert "'c' 0.00%" in found(frame, Contract(label, min_label_share=0.01))["y", "labels"]


def test_rows_are_those_of_the_file_however_it_is_streamed(tmp_path: Path):
    ages = [50] * 300_000
    for row in (7, 123_456, 299_999):
        ages[row - 1] = 100 + row
    path = tmp_path / "big.parquet"
    pl.DataFrame({"age": ages}).with_row_index("id").write_parquet(path, row_group_size=20_000)
    (violation,) = violations(scan(path), Contract(Column("id", "number", "id"), AGE))
    assert [(example.row, example.value) for example in violation.examples] == [
        (row, 100 + row) for row in (7, 123_456, 299_999)
    ]


def test_a_csv_file_is_judged_by_its_values(tmp_path: Path):
    path = tmp_path / "table.csv"
    path.write_text("id,age,job,when,good\na,20,clerk,2024-01-01,1\nb,x,,2024-01-02,0\n")
    assert [str(each) for each in violations(scan(path), CONTRACT)] == [
        "1 value that cannot be read as number, for instance 'x' (row 2)"
    ]
