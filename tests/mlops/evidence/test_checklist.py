"""The responsible-AI checklist: every item is backed by what it names, and the organisation's are not weakened."""

import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mlops import settings
from mlops.errors import Misuse
from mlops.evidence import checklist
from mlops.gates.run import discover
from tests.support.project import Project

Edit = Callable[[str, str, str], None]


@pytest.fixture
def known(reference: Project) -> settings.Settings:
    return settings.load(reference.path / "mlops.yaml")


@pytest.fixture
def folder(reference: Project, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reference.path / "responsible_ai", tmp_path / "responsible_ai"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    def replace(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return replace


def mistakes(folder: Path, known: settings.Settings, today: date | None = None) -> dict[str, str]:
    found: dict[str, str] = {}
    gates = discover(known.model.package)
    for place, verdict in checklist.mistakes(checklist.load(folder, known), gates, today or date.today()):
        assert verdict.next_step and not verdict.passed
        said = f"{place.file.name}:{place.line}: {verdict.why} {verdict.next_step}"
        found[verdict.subject] = f"{found.get(verdict.subject, '')}\n{said}"
    return found


def test_every_item_of_the_reference_project_is_backed(folder, known):
    assert mistakes(folder, known) == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "item", "sentence"),
    [
        ("checklist.yaml", "[champion, slices]", "[champion, slicing]", "fairness/champion", "no gate `slicing`"),
        ("checklist.yaml", "#inclusiveness,", "#includes,", "inclusiveness/reach", "did you mean `inclusiveness`?"),
        ("checklist.yaml", "role: responsible_ai", "role: boss", "accountability/harm", "no role `boss` in"),
    ],
)
def test_what_is_not_there_is_refused_by_the_items_name_and_line(folder, known, edit, file, old, new, item, sentence):
    edit(file, old, new)
    found = mistakes(folder, known)
    assert found.keys() == {item}
    assert sentence in found[item] and f"checklist.yaml:{line(folder, item)}: `{item}`" in found[item]


def line(folder: Path, item: str) -> int:
    lines = (folder / "checklist.yaml").read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text == f"    {item.split('/')[1]}:")


@pytest.mark.parametrize(
    "empty", ["", "<!-- to be written -->", "TODO: ask a lawyer", "> Who?\n\n...", "Yes.", "How can a person object?"]
)
def test_a_section_that_says_nothing_is_refused(folder, known, empty):
    before = emptied(folder, f"> How can a person object?\n\n{empty}")
    found = mistakes(folder, known)
    assert found.keys() == {"impact-assessment.md#appeal"}
    [said] = found["impact-assessment.md#appeal"].splitlines()[1:]
    assert said.startswith(f"impact-assessment.md:{before.count(chr(10)) + 1}: section `appeal` of responsible_ai/")
    assert "is not filled in; it backs `human-oversight/decision`. Write what it asks for" in said


def emptied(folder: Path, answer: str) -> str:
    """Write another answer below the heading Appeal; what stands before it."""
    file = folder / "impact-assessment.md"
    before, _, after = file.read_text().partition("## Appeal\n")
    file.write_text(f"{before}## Appeal\n\n{answer}\n\n{after[after.index('## Who answers') :]}")
    return before


def test_a_section_is_named_once_with_all_that_it_backs(folder, known, edit):
    edit("checklist.yaml", "#what-may-go-wrong]", "#what-may-go-wrong, impact-assessment.md#appeal]")
    emptied(folder, "")
    [said] = mistakes(folder, known).values()
    assert "it backs `human-oversight/decision` and `accountability/harm`." in said


def test_a_checklist_without_items_is_refused(folder, known):
    (folder / "checklist.yaml").write_text("version: 1\nprinciples: {fairness: {}}\n")
    [said] = mistakes(folder, known).values()
    assert "checklist.yaml:2: the checklist has no items. Name what must hold under `principles`" in said


def test_a_sign_off_ends(folder, known):
    assert (
        "its sign-off holds until 2030-12-31 and no longer"
        in mistakes(folder, known, date(2031, 1, 1))["human-oversight/decision"]
    )


def repeated(edit: Edit, item: str) -> None:
    """Repeat an item of the organisation, in the project's file."""
    edit("checklist.yaml", "principles:\n", f"principles:\n  privacy-and-security:\n    use:\n{item}")


SIGNED = "      sign_off: {role: data_protection, looks_at: all of it, until: 2030-12-31}\n"


def test_an_item_of_the_organisation_may_be_made_stricter(folder, known, edit):
    repeated(edit, "      asks: May we?\n      gates: [data_use, privacy, freshness]\n" + SIGNED)
    assert mistakes(folder, known) == {}


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ("      gates: [data_use]\n" + SIGNED, "the organisation backs it by privacy too"),
        ("      gates: [data_use, privacy]\n", "the organisation wants it signed by data_protection until 2030-12-31"),
    ],
)
def test_an_item_of_the_organisation_cannot_be_weakened(folder, known, edit, item, sentence):
    repeated(edit, f"      asks: May we?\n{item}")
    assert sentence in mistakes(folder, known)["privacy-and-security/use"]


def test_another_file_of_the_organisation_than_the_one_named_is_refused(folder, known, edit):
    edit("organisation.yaml", "until: 2030-12-31", "until: 2040-12-31")
    with pytest.raises(Misuse, match=r"`extends` wants version 1 of organisation\.yaml with the digest"):
        checklist.load(folder, known)


def test_what_nothing_backs_is_refused_at_its_line(folder, known, edit):
    edit("checklist.yaml", "      gates: [champion, slices]\n", "")
    with pytest.raises(Misuse, match=r"checklist\.yaml:\d+: .*nothing backs it"):
        checklist.load(folder, known)


def test_the_copy_of_the_organisations_file_is_the_one_that_is_named(folder):
    digest = hashlib.sha256((folder / "organisation.yaml").read_bytes()).hexdigest()
    assert digest in (folder / "checklist.yaml").read_text()
