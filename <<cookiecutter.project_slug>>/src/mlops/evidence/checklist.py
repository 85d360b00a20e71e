"""The responsible-AI checklist: what must hold of the system, and what shows that it does.

`responsible_ai/checklist.yaml` may extend a file of the organisation, by its version and digest: an item of it keeps
all that backs it there.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mlops import digest
from mlops.errors import Misuse
from mlops.sections import Section, validated
from mlops.settings import Settings, Text
from mlops.specs.load import Item, meant, read

FILE = "checklist.yaml"
UNFILLED = re.compile(r"<!--[\s\S]*?-->|^>.*|\b(?:TODO|TBD|FIXME)\b.*", re.MULTILINE)
"""What a section may hold without saying anything: comments, the question itself, and words that put it off."""
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


class Checklist(Section):
    version: Annotated[int, Field(ge=1)]
    extends: Extends | None = None
    principles: dict[Text, dict[Text, Backing]]
    """Items by principle, each under a name of its own."""
    _document: Item

    @property
    def items(self) -> dict[str, Backing]:
        """By `principle/item`."""
        return {f"{name}/{item}": each for name, items in self.principles.items() for item, each in items.items()}

    def place(self, name: str) -> Item:
        found = self._document
        for key in ("principles", *name.split("/")):
            found = found.value.get(key, found)
        return found


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
    ours, theirs = _read(folder / FILE), None
    if named := ours.extends:
        theirs = _read(folder / named.file)
        if (found := digest.of_file(folder / named.file)) != named.digest or theirs.version != named.version:
            what = f"`extends` wants version {named.version} of {named.file} with the digest {named.digest[:12]}"
            there = f"there is version {theirs.version}, {found[:12]}"
            remedy = "Fetch the organisation's file again, or read what is new in it and name that."
            raise ours.place("").wrong(f"{what}; {there}. {remedy}")
    return Known(folder, ours, theirs, settings)


def mistakes(known: Known, gates: Collection[str], today: date) -> Iterator[tuple[str, Misuse]]:
    """Every item that nothing shows to hold, by its name and at its line; signatures are looked at elsewhere."""
    for name, item in known.items.items():
        for what in (*_wrong(known, item, gates, today), *_weaker(known, name, item)):
            yield name, known.ours.place(name).wrong(f"`{name}`: {what}")


def required(known: Known) -> Mapping[str, SignOff]:
    """The sign-offs that the checklist wants, by item."""
    return {name: item.sign_off for name, item in known.items.items() if item.sign_off}


def section(text: str, anchor: str) -> str | None:
    """What a Markdown file says under a heading, without what says nothing; None where there is no such heading."""
    parts = re.split(r"^#+ +(.*)$", text, flags=re.MULTILINE)
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        if re.sub(r"[^\w]+", "-", heading.lower()).strip("-") == anchor:
            question = " ".join(re.findall(r"^> ?(.*)", body, re.MULTILINE))
            said = UNFILLED.sub("", body)
            return said if " ".join(said.split()) not in " ".join(question.split()) else ""
    return None


def _read(file: Path) -> Checklist:
    document = read(file)
    found = validated(Checklist, document.plain(), document)
    found._document = document
    return found


def _wrong(known: Known, item: Backing, gates: Collection[str], today: date) -> Iterator[str]:
    for gate in item.gates:
        if gate not in gates:
            yield f"there is no gate `{gate}`: {meant(gate, gates)}"
    for each in item.sections:
        name, _, anchor = each.partition("#")
        file = known.folder / name
        said = section(file.read_text("utf-8"), anchor) if file.is_file() else None
        if said is None or len(re.findall(r"\w", said)) < SHORTEST:
            how = "is missing" if said is None else "is not filled in"
            yield f"section `{anchor}` of responsible_ai/{name} {how}. Write what it asks for."
    if signed := item.sign_off:
        roles = known.settings.people.signs
        if signed.role not in roles:
            yield f"there is no role `{signed.role}` in `people.signs` of mlops.yaml: {meant(signed.role, roles)}"
        if signed.until < today:
            yield f"its sign-off holds until {signed.until} and no longer. Look at it again, and set another `until`."


def _weaker(known: Known, name: str, item: Backing) -> Iterator[str]:
    """What backs the organisation's item and no longer backs ours."""
    theirs = known.theirs.items.get(name) if known.theirs else None
    if theirs and (gone := {*theirs.gates, *theirs.sections} - {*item.gates, *item.sections}):
        yield f"the organisation backs it by {', '.join(sorted(gone))} too. Add it, or waive this with a reason."
    if theirs and theirs.sign_off and (item.sign_off is None or item.sign_off.until > theirs.sign_off.until):
        signed = theirs.sign_off
        yield f"the organisation wants it signed by {signed.role} until {signed.until}. Keep that, or waive this."
