"""A real browser, and what every page of ours has to stand in it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import TEMPLATE

WIDE, PHONE = 1400, 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = subprocess.run(["sh", TEMPLATE / "tests" / "tools" / "browser.sh"], capture_output=True, text=True)
    path = found.stdout.strip()
    if not path:
        pytest.skip("NO BROWSER: pages are not looked at. Install Chromium to check them.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def looked_at(browser: Any, file: Path, width: int = PHONE, scheme: str = "light") -> Iterator[Any]:
    """The page in a window: accessible, not wider than that even when all is unfolded, and asking for nothing."""
    from axe_playwright_python.sync_playwright import Axe

    window = {"width": width, "height": 800}
    context = browser.new_context(color_scheme=scheme, viewport=window, bypass_csp=True)
    shown, requests, errors = context.new_page(), [], []
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: errors.append(message.text))
    shown.goto(file.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    yield shown
    assert (requests, errors) == ([file.as_uri()], [])
    context.close()
