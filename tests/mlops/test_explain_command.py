"""`mlops explain`, as a person types it: of a file, and of what a server on this machine answered."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

import mlops
from mlops import explain
from mlops.commands.explain import explain as command
from mlops.contract.types import Column
from mlops.errors import Misuse, Refused
from mlops.reasons import Reason
from tests.mlops.release.conftest import closed as closed
from tests.mlops.release.conftest import person as person
from tests.mlops.release.conftest import shop as shop
from tests.mlops.release.shops import Shop
from tests.mlops.serving.servers import running
from tests.support.browser import PHONE, WIDE, looked_at
from tests.support.browser import browser as browser

ROW = {"age": 40, "place": "town"}
SCRIPT = "<script>document.title='taken'</script>"


def test_a_request_is_explained_by_the_version_and_the_code_that_answered_it(shop: Shop):
    """Although the package says something else before it is served, and a newer version is there later."""
    shop.register()
    predict = shop.path / "src" / "shop" / "predict.py"
    predict.write_text(predict.read_text().replace("/ 100", "/ 200"))
    path = f"{shop.path / 'src'}:{Path(mlops.__path__[0]).parent}"
    own = {**os.environ, "PYTHONPATH": path}
    with running([sys.executable, "-m", "mlops", "serve", "shop", "--port", "0"], own, shop.path) as server:
        answered = server.score(ROW, ROW | {"age": 60}, x_ms_client_request_id="visit 7")
        server.end()
    shop.register(shift=0.1)
    done = shop.mlops("explain", "--request", "visit 7", "--json")
    other = shop.mlops("explain", "shop", "--request", "visit 7")
    assert (other.returncode, other.stderr.count("answered by shop:1, not by shop: leave that out")) == (2, 1)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["model"], found["about"]) == ("shop:1", "score") and answered.json["model"] == "shop:1"
    assert [row["answer"] for row in found["rows"]] == answered.json["predictions"]
    whats = [(row["row"], row["reasons"][0]["what"], row["reasons"][0]["move"]) for row in found["rows"]]
    assert whats == [(1, "age 40 years", 0.4), (2, "age 60 years", 0.6)]


def test_a_row_is_explained_on_the_terminal_and_as_a_page(shop: Shop):
    shop.register()
    (shop.path / "row.json").write_text(json.dumps(ROW))
    done = shop.mlops("explain", "shop", "--row", "row.json")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "row 1 of row.json model shop:1 score 0.4 decision no" in said
    assert re.search("age 40 years █+ raises it 100%", said) and "not why the case is so" in said
    page = shop.mlops("explain", "shop:1", "--row", "row.json", "--to", "why.html")
    assert page.stdout == "why.html\n", page.stderr
    assert "age 40 years" in (shop.path / "why.html").read_text()


def test_what_cannot_be_explained_is_a_sentence(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(shop.path)
    row = Path("row.json")
    for words in ((None, None, None), ("shop", None, None), (None, row, None), ("shop", row, "7")):
        which = "model" if words == (None, row, None) else "row"
        with pytest.raises(Misuse, match=f"say which {which}"):
            command(*words)
    predict = shop.path / "src" / "shop" / "predict.py"
    predict.write_text(predict.read_text().replace("def explain", "def not_explain"))
    model = shop.platform.models.get(shop.register())
    with (
        pytest.raises(Refused, match="shop:1 gives no reasons: its predict.py has no `explain`"),
        explain.scorer(model, shop.platform),
    ):
        pass


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Two rows: of one nothing moved anything, of the other three things are named and two are not."""
    moves = {"age 23 years": 2.0, SCRIPT: -1.5, "place town": 0.5, "a": 0.2, "b": -0.1}
    rows = [
        explain.Explained(1, {"score": 0.81234567, "decision": 1}, []),
        explain.Explained(
            2, {"score": 0.2}, [Reason(what, what, move, abs(move) / 4.3) for what, move in moves.items()]
        ),
    ]
    seen = {"model": "small:1", "source": "rows.csv", "about": "score"}
    explain.write(file := tmp_path / "why.html", rows, label=Column("good", "flag", "label"), top=3, **seen)
    with pytest.raises(Misuse, match=r"why.pdf: is to be a page of HTML"):
        explain.write(tmp_path / "why.pdf", rows, **seen)
    return file


def test_the_page_says_in_words_what_its_bars_show_and_quotes_no_markup(written: Path):
    html = written.read_text()
    said = " ".join(re.sub("<[^>]*>", " ", html.split("</style>")[1]).split())
    assert "Row 1 score 0.8123 decision yes Nothing in this row moved it." in said
    assert "age 23 years raises it, 47 %" in said and "place town raises it, 12 %" in said
    assert "all others 7 %" in said and "document.title" in said and SCRIPT not in html


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", PHONE)])
def test_in_a_browser_it_is_accessible_fits_and_asks_for_nothing(browser, written: Path, scheme: str, width: int):
    with looked_at(browser, written, width, scheme) as shown:
        ends = "([...document.querySelectorAll('.plot span')].map(bar => bar.getBoundingClientRect()))"
        [raises, lowers, *_] = shown.evaluate(f"{ends}.map(box => [box.left, box.right])")
        assert abs(lowers[1] - raises[0]) < 2 and raises[1] - raises[0] > lowers[1] - lowers[0]
