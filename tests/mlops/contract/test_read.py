"""A source that cannot be read is a sentence that names the file, whenever polars gets to it."""

import re
from pathlib import Path

import polars as pl
import pytest

from mlops.contract.read import reading, scan
from mlops.contract.table import conform
from mlops.contract.types import Column, Contract
from mlops.errors import Misuse

FRAME = pl.DataFrame({"a": range(20_000)})


def refusal(path: Path) -> str:
    with pytest.raises(Misuse, match=re.escape(str(path))) as caught, reading(path):
        scan(path).select(pl.all().sum()).collect(engine="streaming")
    return str(caught.value)


def test_parquet_csv_and_a_folder_of_parts_hold_the_same_table(tmp_path: Path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in (0, 1):
        FRAME[part * 10_000 : (part + 1) * 10_000].write_parquet(folder / f"{part}.parquet")
    FRAME.write_parquet(tmp_path / "one.parquet")
    FRAME.write_csv(tmp_path / "one.csv")
    contract = Contract(Column("a", "number"))
    tables = [
        conform(scan(path), contract).collect() for path in (tmp_path / "one.parquet", tmp_path / "one.csv", folder)
    ]
    assert all(table.equals(FRAME.cast(pl.Float64)) for table in tables)


def test_a_missing_file_is_named(tmp_path: Path):
    assert "there is no such file" in refusal(tmp_path / "none.parquet")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_of_zero_bytes_is_named(tmp_path: Path, kind: str):
    path = tmp_path / f"empty.{kind}"
    path.touch()
    assert "is empty (0 bytes)" in refusal(path)


def test_a_file_cut_off_is_named(tmp_path: Path):
    path = tmp_path / "cut.parquet"
    FRAME.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-50])
    assert "cannot be read" in refusal(path)


def test_damage_that_shows_only_when_values_are_read_is_named(tmp_path: Path):
    path = tmp_path / "damaged.parquet"
    FRAME.write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:400] = b"\xff" * 300
    path.write_bytes(content)
    assert scan(path).collect_schema() == FRAME.schema
    assert "cannot be read" in refusal(path)


def test_a_csv_line_with_too_many_fields_is_named(tmp_path: Path):
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n1,2\n1,2,3\n")
    assert "cannot be read" in refusal(path)


def test_a_csv_that_is_not_text_is_named(tmp_path: Path):
    path = tmp_path / "binary.csv"
    path.write_bytes(b"a,b\n1,\xff\xfe\n")
    assert "cannot be read" in refusal(path)


@pytest.mark.parametrize(("name", "what"), [("t.csv", "is a Parquet file"), ("t.xlsx", "not read here ('.xlsx')")])
def test_a_parquet_file_under_another_name_is_named(tmp_path: Path, name: str, what: str):
    FRAME.write_parquet(tmp_path / name)
    assert what in refusal(tmp_path / name)


def test_a_csv_file_called_parquet_is_named(tmp_path: Path):
    path = tmp_path / "t.parquet"
    FRAME.write_csv(path)
    assert "is not a Parquet file" in refusal(path)


def test_a_folder_without_parts_is_named(tmp_path: Path):
    assert "a folder without a .parquet file" in refusal(tmp_path)


def test_parts_that_do_not_fit_together_are_named(tmp_path: Path):
    FRAME.write_parquet(tmp_path / "1.parquet")
    FRAME.cast(pl.String).write_parquet(tmp_path / "2.parquet")
    assert "cannot be read" in refusal(tmp_path)


def test_an_empty_part_is_named(tmp_path: Path):
    FRAME.write_parquet(tmp_path / "1.parquet")
    (tmp_path / "2.parquet").touch()
    assert f"{tmp_path / '2.parquet'}: is empty" in refusal(tmp_path)
