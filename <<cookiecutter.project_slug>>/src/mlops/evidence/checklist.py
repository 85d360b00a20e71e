"""The responsible-AI checklist: what must hold of the system, and what shows that it does.

`responsible_ai/checklist.yaml` may extend a file of the organisation, by its version and digest: an item of it keeps
all that backs it there.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mlops import digest
from mlops.evidence import assessment
from mlops.gates.base import Verdict
from mlops.sections import Document, Section, Text, nearest
from mlops.settings import Settings
from mlops.specs.load import Item, meant
from mlops.specs.types import Place
from mlops.words import letters

FILE = "checklist.yaml"
RENAME = "Name one that there is."
SHORTEST = 20
"""Letters and digits of an answer that says something."""


class SignOff(Section):
    role: Text
    """One of `people.signs` in mlops.yaml."""
    looks_at: Text
    until: date


class Backing(Section):
    """An item: `asks` is the question, and at least one of the others answers it."""

    asks: Text
    gates: list[Text] = []
    sections: list[Annotated[str, Field(pattern=r"^[^#/]+\.md#[\w-]+$")]] = []
    """Written as `file.md#heading-in-lower-case`."""
    sign_off: SignOff | None = None

    @model_validator(mode="after")
    def backed(self) -> "Backing":
        if not (self.gates or self.sections or self.sign_off):
            raise ValueError("nothing backs it; name `gates`, `sections` or a `sign_off`")
        return self


class Extends(Section):
    file: Annotated[str, Field(pattern=r"^[^/]+\.yaml$")]
    version: Annotated[int, Field(ge=1)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """sha256 of the file, as `sha256sum` prints it."""


class Checklist(Document):
    version: Annotated[int, Field(ge=1)]
    extends: Extends | None = None
    principles: dict[Text, dict[Text, Backing]]
    """Items by principle, each under a name of its own."""

    @property
    def items(self) -> dict[str, Backing]:
        """By `principle/item`."""
        return {f"{name}/{item}": each for name, items in self.principles.items() for item, each in items.items()}

    def place(self, name: str) -> Item:
        """An item's own, or as near as the file comes to it."""
        return nearest(self._document, ["principles", *name.split("/")])


@dataclass(frozen=True)
class Known:
    """The folder's checklist, the organisation's where it extends one, and the settings that both speak of."""

    folder: Path
    ours: Checklist
    theirs: Checklist | None
    settings: Settings

    @property
    def items(self) -> dict[str, Backing]:
        """Ours, and those of the organisation that ours does not repeat."""
        return (self.theirs.items if self.theirs else {}) | self.ours.items


def load(folder: Path, settings: Settings) -> Known:
    """Raises Misuse with every mistake at its line, and when the organisation's file is not the one that is named."""
    ours, theirs = Checklist.load(folder / FILE), None
    if named := ours.extends:
        theirs = Checklist.load(folder / named.file)
        if (found := digest.of_file(folder / named.file)) != named.digest or theirs.version != named.version:
            what = f"`extends` wants version {named.version} of {named.file} with the digest {named.digest[:12]}"
            there = f"there is version {theirs.version}, {found[:12]}"
            remedy = "Fetch the organisation's file again, or read what is new in it and name that."
            raise ours.place("").wrong(f"{what}; {there}. {remedy}")
    return Known(folder, ours, theirs, settings)


def mistakes(known: Known, gates: Collection[str], today: date) -> Iterator[tuple[Place, Verdict]]:
    """Each item that nothing shows to hold, and each section that says nothing, with its line.

    Signatures are looked at elsewhere.
    """
    for name, item in known.items.items():
        for why, next_step in (*_wrong(known, item, gates, today), *_weaker(known, name, item)):
            yield known.ours.place(name).place, _refused(name, f"`{name}`: {why}", next_step)
    yield from _unfilled(known)
    if not known.items:
        next_step = "Name what must hold under `principles`, or extend the organisation's checklist."
        yield known.ours.place("").place, _refused("items", "the checklist has no items.", next_step)


def required(known: Known) -> Mapping[str, SignOff]:
    """The sign-offs that the checklist wants, by item."""
    return {name: item.sign_off for name, item in known.items.items() if item.sign_off}


def _refused(subject: str, why: str, next_step: str) -> Verdict:
    return Verdict("checklist", subject, None, None, False, why, next_step)


def _parts(file: Path) -> dict[str, assessment.Part]:
    return {part.anchor: part for part in assessment.parts(file.read_text("utf-8"))} if file.is_file() else {}


def _unfilled(known: Known) -> Iterator[tuple[Place, Verdict]]:
    """Each section once, though several items ask for it."""
    for each in dict.fromkeys(each for item in known.items.values() for each in item.sections):
        name, _, anchor = each.partition("#")
        part = _parts(known.folder / name).get(anchor)
        if part and letters(part.said) < SHORTEST:
            asking = " and ".join(f"`{item}`" for item, backing in known.items.items() if each in backing.sections)
            why = f"section `{anchor}` of responsible_ai/{name} is not filled in; it backs {asking}."
            place = Place(known.folder / name, part.line)
            yield place, _refused(each, why, f"Write what it asks for, below line {part.line}.")


def _wrong(known: Known, item: Backing, gates: Collection[str], today: date) -> Iterator[tuple[str, str]]:
    for gate in item.gates:
        if gate not in gates:
            yield f"there is no gate `{gate}`: {meant(gate, gates)}", RENAME
    for each in item.sections:
        name, _, anchor = each.partition("#")
        if anchor not in (there := _parts(known.folder / name)):
            why = f"section `{anchor}` of responsible_ai/{name} is missing: {meant(anchor, there)}"
            yield why, "Write it, or name another."
    if signed := item.sign_off:
        roles = known.settings.people.signs
        if signed.role not in roles:
            why = f"there is no role `{signed.role}` in `people.signs` of mlops.yaml: {meant(signed.role, roles)}"
            yield why, RENAME
        if signed.until < today:
            why = f"its sign-off holds until {signed.until} and no longer."
            yield why, "Look at it again, and set another `until`."


def _weaker(known: Known, name: str, item: Backing) -> Iterator[tuple[str, str]]:
    """What backs the organisation's item and no longer backs ours."""
    theirs = known.theirs.items.get(name) if known.theirs else None
    if theirs and (gone := {*theirs.gates, *theirs.sections} - {*item.gates, *item.sections}):
        yield f"the organisation backs it by {', '.join(sorted(gone))} too.", "Add it, or waive this with a reason."
    if theirs and theirs.sign_off and (item.sign_off is None or item.sign_off.until > theirs.sign_off.until):
        signed = theirs.sign_off
        why = f"the organisation wants it signed by {signed.role} until {signed.until}."
        yield why, "Keep that, or waive this with a reason."
