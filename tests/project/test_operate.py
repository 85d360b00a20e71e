"""docs/operate.md of a project has a section, and somebody who acts, for whatever may refuse, roll back or call."""

import ast
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from mlops import settings
from mlops.gates.run import discover
from mlops.release.settings import Guards
from mlops.settings import Approvers, Duties, MayChange
from tests.support.project import Project

OWNER = re.compile(r"^Owner: `([\w.]+)`\.", re.MULTILINE)
DUTIES = {
    *Duties.model_fields.keys() - {"may_change", "approves", "signs", "one_person"},
    *(f"may_change.{name}" for name in MayChange.model_fields),
    *(f"approves.{name}" for name in Approvers.model_fields),
}


def sections(page: str) -> dict[str, str]:
    """What stands below each heading that is a name: "### `slow`"."""
    heading, *parts = re.split(r"^#{2,3} (.+)$", page, flags=re.MULTILINE)
    titles = dict(zip(parts[::2], parts[1::2], strict=True))
    return {title.strip("`"): text for title, text in titles.items() if title.startswith("`")}


@pytest.fixture(scope="module")
def page(reference: Project) -> str:
    return (reference.path / "docs" / "operate.md").read_text("utf-8")


def faults(page: str, names: set[str]) -> set[str]:
    """Names without a section, and sections of which nobody with a duty is the owner."""
    found = sections(page)
    owners = {name: OWNER.search(text) for name, text in found.items()}
    return (names - found.keys()) | {name for name, owner in owners.items() if not owner or owner[1] not in DUTIES}


def alerts(project: Project) -> set[str]:
    """Those of the logs, and those of the budget."""
    file = project.path / "infra" / "alerts.py"
    spec = importlib.util.spec_from_file_location("alerts", file)
    assert spec and spec.loader
    sys.modules["alerts"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    service = settings.load(project.path / "mlops.yaml").service
    return {each.name for each in module.alerts(service)} | notices(file.with_name("components") / "guards.py")


def notices(file: Path) -> set[str]:
    """Names of the notifications of a budget: what imports that file needs Pulumi."""
    calls = [each for each in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(each, ast.keyword)]
    [found] = [each.value for each in calls if each.arg == "notifications"]
    return set(ast.literal_eval(ast.Tuple([key for key in found.keys if key], ast.Load())))  # type: ignore[union-attr]


def test_every_gate_has_a_section_and_an_owner(page: str, reference: Project):
    names = set(discover(reference.package))
    assert len(names) > 20 and faults(page, names) == set()


def test_every_guard_has_a_section_and_an_owner(page: str):
    assert faults(page, {*Guards.model_fields, "smoke", "stress", "hold"}) == set()


def test_every_alert_has_a_section_and_an_owner(page: str, reference: Project):
    names = alerts(reference)
    assert {"failing", "slow", "late", "spent"} <= names and faults(page, names) == set()


def test_everything_that_the_watch_does_has_a_section_and_an_owner(page: str, reference: Project):
    words = {"drift": "infra-drift", "stale": "--stale", "audit": "make audit", "secrets": "make secrets"}
    words |= {"expiring": "--expiring", "data": "validate.yml"}
    files = [reference.path / ".github/workflows" / f"{name}.yml" for name in ("watch", "drift")]
    said = "".join(file.read_text("utf-8") for file in files if file.exists())
    assert {word for word in words.values() if word not in said} == set()
    assert faults(page, {*words}) == set()


def test_what_is_missing_is_noticed(page: str):
    assert faults(page, {"quality", "latency", "drowning"}) == {"drowning"}
    assert faults(page.replace("### `slow`", "### Slow"), {"slow"}) == {"slow"}
    assert faults(page.replace("Owner: `watches`. Over", "Somebody. Over"), set()) == {"unavailable"}
    assert faults(page.replace("Owner: `owner`. Four", "Owner: `nobody`. Four"), set()) == {"spent"}
