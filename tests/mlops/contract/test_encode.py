"""Every type in which a table may hold a column gives the same arrays."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from mlops.contract.encode import encode
from mlops.contract.types import Column
from mlops.errors import Misuse

NUMBER, FLAG, TIME, TEXT = Column("x", "number"), Column("x", "flag"), Column("x", "time"), Column("x", "text")
LETTER = Column("x", "category", categories=("a", "b"))
DIGIT = Column("x", "category", categories=("1", "2"))
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
NAN = float("nan")


def encoded(column: Column, values: list, dtype: pl.DataType | type[pl.DataType]) -> np.ndarray:
    return encode(pl.DataFrame({"x": pl.Series(values, dtype=dtype)}), [column])["x"]


@pytest.mark.parametrize(
    ("column", "values", "dtype", "expected"),
    [
        (NUMBER, [1, None], pl.Int8, [1, NAN]),
        (NUMBER, [2**40, None], pl.UInt64, [2.0**40, NAN]),
        (NUMBER, [0.5, NAN, None], pl.Float32, [0.5, NAN, NAN]),
        (NUMBER, ["1.50"], pl.Decimal(6, 2), [1.5]),
        (NUMBER, ["3", "1e5", "three", None], pl.String, [3, 1e5, NAN, NAN]),
        (NUMBER, [None, None], pl.Null, [NAN, NAN]),
        (LETTER, ["b", "a", None, "c"], pl.String, [1, 0, -1, -2]),
        (LETTER, ["b", "a", None, "c"], pl.Categorical, [1, 0, -1, -2]),
        (LETTER, ["b", "c", None], pl.Enum(["c", "b"]), [1, -2, -1]),
        (DIGIT, [2, 1, 3, None], pl.Int16, [1, 0, -2, -1]),
        (FLAG, [True, False, None], pl.Boolean, [1, 0, -1]),
        (FLAG, [1, 0, None, 2], pl.UInt8, [1, 0, -1, -1]),
        (FLAG, [1.0, 0.0, None], pl.Float64, [1, 0, -1]),
        (FLAG, ["True", "false", "1", "0", "yes", None], pl.String, [1, 0, 1, 0, -1, -1]),
        (TIME, [datetime(2020, 1, 1, 12), None], pl.Datetime("ns"), [NOON, NAN]),
        (TIME, [datetime(2020, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))], pl.Datetime("ms", "UTC"), [NOON]),
        (TIME, [date(2020, 1, 1)], pl.Date, [MIDNIGHT]),
        (TIME, ["2020-01-01T12:00:00Z", "2020-01-01 14:00:00.0+02:00"], pl.String, [NOON, NOON]),
        (TIME, ["2020-01-01 12:00:00", "2020-01-01", "01/01/2020"], pl.String, [NOON, MIDNIGHT, NAN]),
    ],
)
def test_accepted_types_give_the_arrays_of_the_contract(column, values, dtype, expected):
    array = encoded(column, values, dtype)
    kinds = {"number": np.float64, "time": np.float64, "category": np.int32, "flag": np.int8}
    assert array.dtype == kinds[column.dtype]
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_text_is_an_object_array_with_none_for_null(dtype):
    array = encoded(TEXT, ["a", None], dtype)
    assert array.dtype == object and array.tolist() == ["a", None]


def test_numbers_of_an_id_are_read_by_their_digits():
    assert encoded(TEXT, [17, None], pl.Int64).tolist() == ["17", None]


@pytest.mark.parametrize("column", [NUMBER, LETTER, FLAG, TIME, TEXT])
def test_a_type_that_cannot_hold_the_column_is_refused(column):
    with pytest.raises(Misuse, match=r"column 'x' is List\(Int64\), which cannot be read as"):
        encoded(column, [[1]], pl.List(pl.Int64))


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(Misuse, match="no column 'x'"):
        encode(pl.DataFrame({"y": [1]}), [NUMBER])


def test_no_rows_give_empty_arrays():
    assert encoded(LETTER, [], pl.String).shape == (0,)
