"""Model cards: whole for any kind of model, never blank, and nothing in them is markup of somebody."""

import json
import re
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlops import platform, settings
from mlops.contract import request
from mlops.errors import Refused
from mlops.evidence import entries
from mlops.evidence.cards import model, render
from mlops.evidence.report.render import environment
from mlops.gates.base import Verdict
from mlops.stats import Interval
from tests.mlops.evidence.conftest import OWNER, SIGNER, Release
from tests.mlops.evidence.markdown import ROW, TODAY, blank, uneven
from tests.support.project import Project

WAIVER = {"gate": "fairness", "subject": "gap by sex", "reason": "It is mended in May.", "who": SIGNER}
WAIVED = Verdict(
    "fairness", "gap by sex", 0.2, 0.1, False, "f is 0.2 apart from m.", "", "fairness: gap by sex, until 2026-05-03"
)


FALLS = {"age": 4.0, "job": 5.0}


def known(value: float) -> dict[str, float | None]:
    return asdict(Interval(value, value - 0.05, value + 0.05))


def evaluation(**changes: Any) -> dict[str, Any]:
    everybody = {"auc": known(0.91), "error": known(3.2)}
    group = {"rows": 400, "metrics": everybody, "too_small": False}
    return {
        "rows": 900,
        "metrics": everybody,
        "columns": {"sex": {"categories": ["f", "m"]}},
        "groups": {"sex": {"m": group, "f": group | {"rows": 12, "too_small": True}}},
        "importance": {name: {"auc": known(0.3), "outcome": known(fall)} for name, fall in FALLS.items()},
        "baselines": {"middle": {"metrics": everybody, "difference": {"auc": known(0.4), "error": known(-2.0)}}},
        "outcome": known(980) | {"today": known(750), "difference": known(230)},
        "training": {"seconds": 14.2, "peak_mb": 345, "at": "2026-05-01T00:00:00+00:00"},
        "costs": {"p95_ms": 0.2, "seconds_per_million": 9, "size_mb": 0.2},
        "request": request.schema(ROW),
        "newest": "2026-04-01",
    } | changes  # fmt: skip


def says(project: Path, **changes: Any) -> dict[str, Any]:
    plain = settings.load(project / "mlops.yaml").model_dump(mode="json")
    return {
        "time": "2026-05-01T10:00:00+00:00",
        "settings": plain | {"gates": {"quality": {"floors": {"auc": 0.9}}}},
        "evaluation": evaluation(),
        "assessment": {"a.md": "# A\n\n## Who decides\n\n> Who?\n\nA person, see [x](x.md).\n\n## Appeal\n\n> How?\n"},
        "verdicts": [asdict(WAIVED), asdict(Verdict("schema", "rows", 5, 1, True, "Enough rows."))],
        "waivers": [WAIVER | {"until": "2026-05-03"}],
        "choice": None,
        "image": "context:sha256:1",
        "uncommitted": [],
    } | changes


@pytest.fixture(scope="module")
def card(released: Release, tmp_path_factory: pytest.TempPathFactory):
    """The text of the card of a model whose build statement says what is given."""
    path = Project(released.path).copy(tmp_path_factory.mktemp("cards") / "project").path
    release = replace(released, path=path, platform=platform.open("local", path))

    def text(**changes: Any) -> str:
        release.state(**says(release.path, **changes))
        seen = model.facts(release.reference, release.platform, release.settings, TODAY)
        return render.markdown("model", seen, environment(Path(render.__file__).parent))

    return text


BARE = {"groups": {}, "columns": {}, "baselines": {}, "importance": {}, "outcome": known(1), "newest": None}
VARIATIONS = {
    "everything": {},
    "no sensitive column": {"evaluation": evaluation(groups={}, columns={})},
    "no waiver": {"verdicts": [asdict(Verdict("schema", "rows", 5, 1, True, "Enough rows."))], "waivers": []},
    "no baseline": {"evaluation": evaluation(baselines={})},
    "no business figure of today": {"evaluation": evaluation(outcome=known(980))},
    "nothing but metrics": {"evaluation": evaluation(**BARE), "assessment": {}, "waivers": [], "verdicts": []},
    "classes": {"evaluation": evaluation(groups={"sex": {"f": {"rows": 3, "metrics": {}, "too_small": True}}})},
    "values that are not known": {"evaluation": evaluation(metrics={"auc": asdict(Interval(None, None, None))})},
    "chosen": {"choice": {"why": "It was the best of 20."}, "uncommitted": ["rounds"]},
}  # fmt: skip


@pytest.mark.parametrize("name", VARIATIONS)
def test_no_heading_is_blank_and_tables_are_whole(card, name: str):
    text = card(**VARIATIONS[name])
    assert (blank(text), uneven(text)) == ([], [])
    parts, body = render.html(text)
    tables = len(re.findall(r"^\|[ :|-]+\|$", text, flags=re.MULTILINE))
    assert body.count("<table>") == tables
    assert list(parts.values()) == re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert all(f'id="{part}"' in body for part in parts)
    assert not re.search(r"\b(None|nan|Undefined)\b", text)


def test_a_card_says_what_its_reader_asks_for(card):
    text = card().replace("\u00a0", " ")
    assert "| auc | 0.910 (0.860 to 0.960) | at least 0.9 |" in text
    assert "| the same today, without the model | 750" in text
    assert "| what | minus middle |\n|---|---:|\n| auc | 0.400 (0.350 to 0.450) |" in text
    assert text.index("| f | 12 |") < text.index("| m | 400 |")
    assert "Too few rows to judge by: f (sex, 12 rows)." in text
    assert "| gap by sex | 0.200 | 0.1 | waived |" in text
    assert f"Until 3 May 2026, which is past; {SIGNER} answers for it. It is mended in May. It covers:" in text
    assert text.index("| job | 5.0") < text.index("| age | 4.0")
    assert "| `age` | from 18 (years) | no |" in text
    assert "| `job` | one of 2, or others | yes |" in text
    assert f"{SIGNER} signed as data_protection for prod on" in text
    assert "### Who decides\n\nA person, see x." in text
    assert "### Appeal" not in text
    assert "Nobody has signed" not in text


def test_what_passed_since_few_rows_cannot_tell_is_named_with_the_reason(card):
    doubt = "gap is 0.2 (0 to 0.4); the low end must be at most 0.1. It may be beyond: more rows will tell."
    few = "no two groups are large enough to compare."
    verdicts = [
        Verdict("fairness", "gap by sex", Interval(0.2, 0.0, 0.4), 0.1, True, doubt, figure=0.0),
        Verdict("fairness", "gap by race", None, 0.1, True, few),
        Verdict("fairness", "gap by age", Interval(0.05, 0.0, 0.1), 0.1, True, "gap is 0.05 (0 to 0.1).", figure=0.0),
        Verdict("privacy", "columns", None, 0.01, True, "none of 9 columns looks like personal data."),
    ]
    text = card(verdicts=[asdict(each) for each in verdicts], waivers=[]).replace("\u00a0", " ")
    assert "| gap by race | not measured | 0.1 | passed, undecided |" in text
    assert re.search(r"^\| gap by sex \| .* \| passed, undecided \|$", text, re.MULTILINE)
    assert re.search(r"^\| gap by age \| .* \| passed \|$", text, re.MULTILINE)
    listed = text.partition("### Passed, undecided")[2].partition("\n#")[0]
    assert [line.partition(": ")[0] for line in listed.splitlines() if line.startswith("- ")] == ["- fairness"] * 2
    assert "more rows will tell" in listed and few in listed
    assert "undecided" not in card(verdicts=[asdict(verdicts[2])], waivers=[]).partition("## Verdicts and waivers")[2]


def test_the_head_of_a_card_says_whether_the_project_is_stopped(release: Release):
    """And who signed stands in order of time, with each entry that somebody made."""
    release.state(**says(release.path))

    def text() -> str:
        seen = model.facts("triage", release.platform, release.settings, TODAY)
        return render.markdown("model", seen, environment(Path(render.__file__).parent))

    def head() -> str:
        return text().partition("## Intended use")[0]

    def stop(reason: str) -> None:
        own = {"reason": reason, "who": SIGNER}
        entries.add(release.platform, release.settings, "local", "stop", {"purpose": "p"}, own)

    assert "- **State:** nobody has stopped the project\n" in head()
    stop("It found too few.")
    stopped = rf"- \*\*State:\*\* stopped. {SIGNER} stopped the project on {date.today()} at ..:.. UTC: "
    assert re.search(f"{stopped}It found too few. Nothing is released until", head())
    for where in ("prod", "local"):
        release.sign(where, "owner", OWNER)
    assert "- **State:** resumed by its owner for local, prod, and nowhere else. " in head()
    release.sign("prod", "data_protection")
    stop("It is over")
    assert re.search(f"{stopped}It is over. Nothing", head())
    signed = text().partition("## Who signed")[2].partition("##")[0]
    order = (
        "as data_protection",
        "stopped",
        "as owner for prod",
        "as owner for local",
        "as data_protection",
        "stopped",
    )
    said = iter(signed.splitlines())
    assert all(any(words in line for line in said) for words in order), signed


def test_a_model_that_two_runs_made_is_of_the_newest_everywhere(release: Release):
    subject = release.state(**says(release.path))
    later = release.says | says(release.path) | {"run": "fedcba9876543210"}
    entries.add(release.platform, release.settings, "local", "build", subject, later)
    mlops = Project(release.path).mlops
    listed = json.loads(mlops("models", "list", "--json").stdout)
    shown = json.loads(mlops("models", "show", "triage", "--json").stdout)
    assert [each["lineage"]["run"] for each in (listed[-1], shown)] == ["fedcba9876543210"] * 2
    assert shown["runs"] == ["0123456789abcdef", "fedcba9876543210"]
    assert "same bytes  registered from run 0123456789abcdef too" in re.sub(
        " {2,}", "  ", mlops("models", "show", "triage").stdout
    )


def test_the_list_of_models_marks_the_one_in_service(release: Release):
    add, whole = partial(entries.add, release.platform, release.settings), release.says | says(release.path)
    first = {"triage": release.platform.models.get("triage:1").digest}
    add("local", "build", first, whole)
    second = release.state(**says(release.path))
    for where, subject, served in (("prod", first, []), ("local", second, ["2"]), ("local", first, ["1"])):
        add(where, "champion", subject, {})
        done = Project(release.path).mlops("models", "list")
        assert done.returncode == 0, done.stderr
        assert re.findall(r"^triage:(\d) .* in service *$", done.stdout, re.MULTILINE) == served


def test_a_waiver_says_how_far_it_goes(card):
    waiver = WAIVER | {"until": "2026-05-03", "no_worse_than": 0.25}
    name = "fairness: gap by sex, no worse than 0.25, until 2026-05-03"
    text = card(waivers=[waiver], verdicts=[asdict(replace(WAIVED, figure=0.2, waiver=name))])
    assert f"Until 3 May 2026, which is past, and no worse than 0.25; {SIGNER} answers for it." in text


def test_what_somebody_wrote_is_text_in_both_forms(card, released: Release):
    evil = "a | b <script>alert(1)</script>\n# Top *bold* `code` [x](javascript:alert(1)) <!-- &lt;"
    line, plain = evil.replace("\n", " ").replace("*", ""), says(released.path)["settings"]
    plain["project"] |= {"name": evil, "description": f"- {evil}"}
    plain["data"]["applications"] |= {"about": evil, "source": evil}
    text = card(settings=plain, assessment={"a.md": f"## {line}\n\n<b>{line}</b>\n"}, reason=evil)
    assert (blank(text), uneven(text)) == ([], [])
    body = render.html(text)[1]
    assert not re.search(r"<(script|b|a|em|!--)\b", body)
    assert body.count("<h1") == 1


def test_a_card_of_what_was_changed_is_refused(release: Release):
    release.state(**says(release.path))
    statement = next(release.path.glob(".mlops/models/triage/2/build.dsse.json"))
    statement.chmod(0o600)
    statement.write_bytes(statement.read_bytes().replace(b"payload", b"pay1oad"))
    with pytest.raises(Refused, match="build statement of triage:2 is damaged"):
        model.facts("triage:2", release.platform, release.settings, TODAY)
    entry = next(release.path.glob(".mlops/ledger/prod/000001.json"))
    entry.chmod(0o600)
    entry.write_bytes(entry.read_bytes()[:-9])
    with pytest.raises(Refused, match="entry prod/1 of the ledger is damaged"):
        model.facts("triage:1", release.platform, release.settings, TODAY)


def test_cards_are_written_as_they_are_typed(release: Release, tmp_path: Path):
    release.state(**says(release.path))
    release.sign("prod", "data_protection")
    mlops = Project(release.path).mlops
    done = mlops("models", "card", "triage")
    assert done.returncode == 0, done.stdout + done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in written] == ["triage-2.md", "triage-2.html"]
    page = written[1].read_text(encoding="utf-8")
    assert "<title>Income support triage: model card</title>" in page
    order = [page.index(each) for each in ("<h1>Income", "<strong>State:</strong>", "Contents<", 'id="part-1"')]
    assert order == sorted(order)
    assert not re.search(r"<(script|link (?!rel=\"icon\" href=\"data:)|img|iframe)|url\(|@import", page)

    (release.path / "a.csv").write_text("sex\n" + "Female\n" * 20)
    assert mlops("data", "add", "applications", "a.csv").returncode == 0
    done = mlops("data", "sheet", "applications:1", "--to", tmp_path / "sheet.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| Female | 20 | 100.0\u00a0% |" in (tmp_path / "sheet.md").read_text()

    shown = mlops("models", "show", "triage")
    assert shown.returncode == 0, shown.stderr
    assert f"{SIGNER} signed as data_protection for prod on" in shown.stdout
    assert "fairness: gap by sex, until 2026-05-03: f is 0.2 apart from m." in shown.stdout
