"""Data sheets: whole for any table, never blank, and nothing in them is about somebody."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops import platform
from mlops.contract.types import Contract
from mlops.evidence.cards import data, render
from mlops.evidence.report.render import environment
from tests.mlops.evidence.markdown import ROW, TODAY, blank, uneven

SOURCE = {"about": "Made up.", "owner": "o@example.org", "source": "here", "licence": "CC0-1.0", "purpose": "To try.",
          "classification": "internal", "region": "westeurope", "keep_until": "2026-01-01"}  # fmt: skip


@pytest.fixture
def sheet(tmp_path: Path):
    """The text of the sheet of a table under a contract."""
    (tmp_path / "mlops.yaml").touch()

    def text(table: pl.DataFrame | str, contract: Contract | None, about: dict[str, Any] | None = None) -> str:
        file = tmp_path / ("people.parquet" if isinstance(table, pl.DataFrame) else "people.txt")
        table.write_parquet(file) if isinstance(table, pl.DataFrame) else file.write_text(table)
        here = platform.open("local", tmp_path)
        here.data.add("people", file, about)
        seen = data.facts("people", here, {"people": contract} if contract else {}, TODAY)
        return render.markdown("data", seen, environment(Path(render.__file__).parent)).replace("\u00a0", " ")

    return text


PEOPLE = pl.DataFrame(
    {
        "person": ["Ada Lovelace", *(f"P{number}" for number in range(199))],
        "age": [97.0, *[30.0] * 199],
        "job": [None, *["cook"] * 199],
        "sex": [*["f"] * 3, *["m"] * 197],
        "rent": [123_456.0, *[500.0] * 199],
    }
)


def test_a_sheet_says_what_is_there_and_what_is_missing_and_nothing_of_anybody(sheet):
    text = sheet(PEOPLE, ROW, SOURCE)
    assert (blank(text), uneven(text)) == ([], [])
    assert "- **To be kept until:** 1 January 2026, which is past" in text
    belongs = "kept, but no model learns from it; sensitive: says which group somebody belongs to"
    assert f"| `sex` | {belongs} | category | one of 2 | never | not said |" in text
    assert (
        "How many people of which group are in it, by each column that is sensitive:\n\n| sex | rows | share |" in text
    )
    assert "| `age` | none | nine in ten from 30.0 to 30.0, middle 30.0 |" in text
    assert "| `job` | 0.5 % | cook 99.5 % |" in text
    assert sheet(PEOPLE, ROW, SOURCE) == text, "a profile that was kept is in the order of the contract too"
    assert "- Never seen in `job`: clerk." in text
    assert "| f | fewer than 10 |  |" in text
    assert "| m | 197 | 98.5 % |" in text
    assert "No registered model was made from it." in text
    assert not re.search(r"Lovelace|P1\b|97|123,?456", text.partition("## Versions")[0].replace("197", ""))


@pytest.mark.parametrize(
    ("table", "contract", "expected"),
    [
        (PEOPLE, None, "No contract of the project says what its columns mean."),
        (PEOPLE.head(0), ROW, "| `age` | none |"),
        ("words", None, "It is no table, so nothing was counted."),
        (PEOPLE.drop("sex"), Contract(*ROW.columns[:3]), "no column of it is named as sensitive."),
    ],
)
def test_a_sheet_of_little_has_no_blank_heading(sheet, table: Any, contract: Contract | None, expected: str):
    text = sheet(table, contract)
    assert (blank(text), uneven(text)) == ([], [])
    assert expected in text
    assert "Nothing was said of it in mlops.yaml" in text
