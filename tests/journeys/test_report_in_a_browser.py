"""Reports of three kinds of model in a real browser: accessible, nothing fetched, nothing cut off."""

import re
from pathlib import Path

import pytest

from tests.journeys.kinds import KINDS
from tests.support.browser import PHONE, WIDE, looked_at
from tests.support.browser import browser as browser

WRITTEN = {
    "page": ("report", "last"),
    "card": ("models", "card", "income-support-triage"),
    "sheet": ("data", "sheet", "applications"),
}


@pytest.fixture(scope="module", params=[pytest.param("reference", marks=pytest.mark.xdist_group("reference")), *KINDS])
def page(request: pytest.FixtureRequest, of_kind) -> Path:
    """The report of a trained model, with its card and its data sheet beside it.

    A category of the three-class project is named like a script.
    """
    kind = request.param
    project = of_kind(kind) if kind != "reference" else request.getfixturevalue("trained")
    to = request.getfixturevalue("tmp_path_factory").mktemp(kind) / "page.html"
    for name, command in WRITTEN.items():
        done = project.mlops(*command, "--to", to.with_name(f"{name}.html"))
        assert done.returncode == 0, done.stderr
    return to


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_accessible_fits_and_asks_for_nothing(browser, page: Path, scheme: str, width: int):
    with looked_at(browser, page, width, scheme) as shown:
        assert shown.title().startswith("Income support triage: report on run ")
        assert shown.locator("script").count() == 0


@pytest.mark.parametrize("name", ["card", "sheet"])
def test_a_card_is_accessible_fits_and_asks_for_nothing(browser, page: Path, name: str):
    with looked_at(browser, page.with_name(f"{name}.html")) as shown:
        assert (shown.locator("script").count(), shown.locator("h1").count()) == (0, 1)


def test_a_report_prints_on_pages_and_the_summary_has_the_first_one(browser, page: Path):
    context = browser.new_context()
    shown = context.new_page()
    shown.goto(page.as_uri())
    printed = shown.pdf(prefer_css_page_size=True)
    context.close()
    assert printed.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20


def test_each_kind_of_label_has_its_charts_and_a_category_is_no_markup(page: Path):
    html = page.read_text(encoding="utf-8")
    titles = {
        "reference": {"Finding against false alarms (ROC)", "Calibration", "What another threshold would do"},
        "regression": {"Predicted and actual", "How far off predictions are"},
        "three_class": set(),
    }
    kind = page.parent.name.rstrip("0123456789")
    assert set(re.findall(r"<figcaption><strong>(.*?)</strong>", html)) == titles[kind]
    assert ("What is decided, and what is true" in html) == (kind != "regression")
    assert "<script" not in html
    assert ("too small to judge" in html and "&lt;script&gt;" in html) == (kind == "three_class")
