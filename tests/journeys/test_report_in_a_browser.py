"""Reports of three kinds of model in a real browser: accessible, nothing fetched, nothing cut off."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_other_models import become
from tests.support.project import TEMPLATE, Project

WIDE, PHONE = 1400, 360
KINDS = ("reference", "regression", "three_class")
SCRIPT = "<script>document.title='taken'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = subprocess.run(["sh", TEMPLATE / "tests" / "tools" / "browser.sh"], capture_output=True, text=True)
    path = found.stdout.strip()
    if not path:
        pytest.skip("NO BROWSER: reports are not checked for accessibility. Install Chromium to check them.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module", params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS])
def page(request: pytest.FixtureRequest, reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a trained model; a category of the three-class project is named like a script."""
    project = reference.copy(tmp_path_factory.mktemp(request.param) / "project")
    if request.param != "reference":
        become(project, request.param)
        contract = project.path / "src" / project.package / "contract.py"
        poisoned = f'"portal", "fax", {SCRIPT!r}'
        contract.write_text(contract.read_text().replace('"portal"', poisoned))
        if request.param == "three_class":
            poison(project.path / "data" / "applications.parquet")
    done = project.mlops("run", "azureml/pipelines/train.yml", "--register")
    assert done.returncode == 0, done.stdout + done.stderr
    done = project.mlops("report", "last")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def poison(file: Path) -> None:
    import polars as pl

    table = pl.read_parquet(file)
    rare = pl.int_range(pl.len()) % 40 == 0
    table.with_columns(channel=pl.when(rare).then(pl.lit(SCRIPT)).otherwise(pl.col("channel"))).write_parquet(file)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_accessible_fits_and_asks_for_nothing(browser, page: Path, scheme: str, width: int):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    shown, requests, errors = context.new_page(), [], []
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: errors.append(message.text))
    shown.goto(page.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert requests == [page.as_uri()]
    assert errors == []
    assert shown.title().startswith("Income support triage: report on run ")
    assert shown.locator("script").count() == 0
    context.close()


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
    kind = page.parents[3].name.rstrip("0123456789")
    assert set(re.findall(r"<figcaption><strong>(.*?)</strong>", html)) == titles[kind]
    assert ("What is decided, and what is true" in html) == (kind != "regression")
    assert "<script" not in html
    assert ("too small to judge" in html and "&lt;script&gt;" in html) == (kind == "three_class")
