"""The ranked list as a page: readable without JavaScript, sortable with it, nothing fetched, nothing sensitive."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlops import settings
from mlops.batch import page
from mlops.errors import Misuse
from tests.mlops.batch.conftest import Desk, Model
from tests.support.browser import PHONE, WIDE, looked_at
from tests.support.browser import browser as browser
from tests.support.project import Project
from tests.support.small_model import ROW

SCRIPT = "<script>document.title='taken'</script>"


@pytest.fixture
def written(desk: Desk, reference: Project) -> Path:
    """The page of twelve rows, of which one has an id like a script; two of the input are bad."""
    table = desk.rows(14).with_columns(id=pl.when(pl.int_range(pl.len()) == 5).then(pl.lit(SCRIPT)).otherwise("id"))
    broken = table.with_columns(age=pl.when(pl.int_range(pl.len()) > 11).then(200).otherwise("age"))
    desk.score(desk.table(broken), top=100, errors=1)
    page.write(desk.path / "out", settings.load(reference.path / "mlops.yaml"), ROW, to := desk.path / "page.html")
    return to


def test_it_says_what_was_scored_and_what_was_not_and_quotes_no_markup(written: Path):
    html = written.read_text()
    assert len(re.findall(r"<tr><td", html)) == 12
    assert "The first 12 rows of 12 that were scored" in html and "Scored by small:1" in html
    assert "2 rows, set aside" in html and "age: outside 18 to 90 years: 2 rows" in html
    assert "document.title" in html and SCRIPT not in html
    assert not re.search(r"\bsex\b", html)


@pytest.mark.parametrize(
    ("column", "value", "shown"), [("score", 0.999952, "0.999952"), ("value", 1234567.8, "1,234,570")]
)
def test_a_figure_is_neither_rounded_to_certainty_nor_written_with_a_power(
    desk: Desk, reference: Project, column: str, value: float, shown: str
):
    model = Model(lambda columns: {column: np.full(len(columns["age"]), value)})
    desk.score(desk.table(desk.rows(3)), top=3, model=model)
    page.write(desk.path / "out", settings.load(reference.path / "mlops.yaml"), ROW, to := desk.path / "page.html")
    assert f">{shown}</td>" in to.read_text()


def test_what_is_wrong_most_often_is_said_first(desk: Desk, reference: Project):
    ages = pl.Series([None, 200, 200, 200, 40])
    desk.score(desk.table(desk.rows(5).with_columns(age=ages)), top=3, errors=1)
    page.write(desk.path / "out", settings.load(reference.path / "mlops.yaml"), ROW, to := desk.path / "page.html")
    assert re.findall(r"<li>(age: [^<]*)</li>", to.read_text())[:2] == [
        "age: outside 18 to 90 years: 3 rows",
        "age: missing: 1 row",
    ]


def test_a_batch_without_a_list_is_refused_in_words(desk: Desk, reference: Project):
    desk.score(desk.table(desk.rows(5)))
    with pytest.raises(Misuse, match="has no ranked list. Score again with --top"):
        page.write(desk.path / "out", settings.load(reference.path / "mlops.yaml"), ROW, desk.path / "page.html")


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", PHONE)])
def test_in_a_browser_it_is_accessible_and_sorts(browser, written: Path, scheme: str, width: int):
    with looked_at(browser, written, width, scheme) as shown:
        ranks = "[...document.querySelectorAll('tbody tr')].map(row => Number(row.cells[0].textContent))"
        assert shown.evaluate(ranks) == list(range(1, 13))
        shown.click("th button >> text=rank")
        assert shown.evaluate(ranks) == list(range(12, 0, -1))
        shown.click("th button >> text=id")
        assert shown.evaluate(ranks) not in (list(range(1, 13)), list(range(12, 0, -1)))
        assert shown.locator("th[aria-sort]").inner_text().startswith("id")
        shown.click("th button >> text=score")
        assert shown.evaluate(ranks) == list(range(12, 0, -1))


def test_without_scripts_it_can_be_read(browser, written: Path):
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(written.as_uri())
    assert plain.locator("tbody tr").count() == 12 and plain.locator("th button").count() == 0
