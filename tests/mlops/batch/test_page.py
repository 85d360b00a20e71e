"""The ranked list as a page: readable without JavaScript, sortable with it, nothing fetched, nothing sensitive."""

import re
import subprocess
from pathlib import Path

import polars as pl
import pytest

from mlops import settings
from mlops.batch import page
from mlops.errors import Misuse
from tests.mlops.batch.conftest import Desk
from tests.support.project import TEMPLATE, Project
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


def test_a_batch_without_a_list_is_refused_in_words(desk: Desk, reference: Project):
    desk.score(desk.table(desk.rows(5)))
    with pytest.raises(Misuse, match="has no ranked list. Score again with --top"):
        page.write(desk.path / "out", settings.load(reference.path / "mlops.yaml"), ROW, desk.path / "page.html")


def test_in_a_browser_it_is_accessible_sorts_and_needs_no_script_to_be_read(written: Path):
    found = subprocess.run(["sh", TEMPLATE / "tests" / "tools" / "browser.sh"], capture_output=True, text=True)
    if not found.stdout.strip():
        pytest.skip("NO BROWSER: the ranked list is not looked at. Install Chromium to check it.")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=["--no-sandbox"])
        for scheme, width in (("light", 1400), ("dark", 360)):
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
            )
            shown, requests, errors = context.new_page(), [], []
            shown.on("request", lambda request, seen=requests: seen.append(request.url))
            shown.on("console", lambda message, seen=errors: seen.append(message.text))
            shown.goto(written.as_uri())
            assert (axe := Axe().run(shown)).violations_count == 0, axe.generate_report()
            assert shown.evaluate("document.documentElement.scrollWidth") == width
            assert (requests, errors) == ([written.as_uri()], [])
            ranks = "[...document.querySelectorAll('tbody tr')].map(row => Number(row.cells[0].textContent))"
            assert shown.evaluate(ranks) == list(range(1, 13))
            shown.click("th button >> text=rank")
            assert shown.evaluate(ranks) == list(range(12, 0, -1))
            shown.click("th button >> text=id")
            assert shown.evaluate(ranks) not in (list(range(1, 13)), list(range(12, 0, -1)))
            assert shown.locator("th[aria-sort]").inner_text().startswith("id")
            shown.click("th button >> text=score")
            assert shown.evaluate(ranks) == list(range(12, 0, -1))
            context.close()
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(written.as_uri())
        assert plain.locator("tbody tr").count() == 12 and plain.locator("th button").count() == 0
        browser.close()
