"""The gates on what people decide and write down: one verdict for each fault, each with its next step."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from mlops import settings
from mlops.gates import checklist, waivers
from mlops.gates.base import Context, Verdict
from tests.support.project import Project


@pytest.fixture
def context(reference: Project, tmp_path: Path) -> Context:
    folder = shutil.copytree(reference.path / "responsible_ai", tmp_path / "responsible_ai")
    return Context(settings.load(reference.path / "mlops.yaml"), {}, responsible_ai=folder)


@pytest.fixture
def late(context: Context) -> Context:
    """The same, on a day on which the waivers have ended, and with a section that nobody filled in."""
    assert context.responsible_ai
    page = context.responsible_ai / "impact-assessment.md"
    before, _, after = page.read_text().partition("The people under `people:`")
    page.write_text(f"{before}TODO{after[after.index(chr(10) + '## ') :]}")
    return Context(context.settings, {}, responsible_ai=context.responsible_ai, today=date.today() + timedelta(181))


def judged(gate, context: Context) -> list[Verdict]:
    return list(gate.check(gate.measure(context), gate.Limits()))


@pytest.mark.parametrize("gate", [checklist, waivers])
def test_what_holds_passes(gate, context: Context):
    [verdict] = judged(gate, context)
    assert verdict.passed and verdict.gate == gate.id


def test_an_empty_section_is_named_with_its_next_step(late: Context):
    [verdict] = judged(checklist, late)
    assert (verdict.subject, verdict.passed) == ("impact-assessment.md#who-answers", False)
    assert verdict.why.endswith("is not filled in; it backs `accountability/duties`.")
    assert verdict.next_step.startswith("Write what it asks for, below line ")


def test_waivers_that_have_ended_are_named_with_their_next_step(late: Context):
    found = judged(waivers, late)
    assert len({verdict.subject for verdict in found}) == len(found) > 1
    for verdict in found:
        assert not verdict.passed and "and no longer." in verdict.why and verdict.next_step.startswith("Mend what")
