"""Verdicts that do not pass and may stand for a while: `responsible_ai/waivers.yaml`."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mlops.errors import Misuse
from mlops.gates.base import Context, Verdict
from mlops.sections import Section, validated
from mlops.settings import Email, Settings, Text
from mlops.specs.load import Item, meant, read

FILE = "waivers.yaml"
LONGEST = timedelta(days=180)
"""A waiver that lasts longer is a limit that nobody dares to change."""


class Waiver(Section):
    """`subject` is that of a verdict; `*` in it stands for any text, beside at least four letters."""

    gate: Text
    subject: Text
    reason: Annotated[str, Field(min_length=20)]
    """Why the verdict may stand, and what is done about it."""
    who: Email
    """Who answers for it: somebody of `people.may_change.gates`."""
    until: date

    @property
    def name(self) -> str:
        return f"{self.gate}: {self.subject}, until {self.until}"

    def covers(self, verdict: Verdict) -> bool:
        return verdict.gate == self.gate and fnmatchcase(verdict.subject, self.subject)


class Waivers(Section):
    waivers: list[Waiver]
    _document: Item


def load(folder: Path) -> Waivers:
    """Raises Misuse with every mistake at its line."""
    document = read(folder / FILE)
    found = validated(Waivers, document.plain(), document)
    found._document = document
    return found


def applied(verdicts: Sequence[Verdict], context: Context) -> list[Verdict]:
    """The verdicts, each failing one that a waiver in force covers with the waiver's name; `passed` stays false."""
    if context.responsible_ai is None:
        return list(verdicts)
    known = load(context.responsible_ai)
    standing = [each for each in known.waivers if not list(_wrong(each, context.settings, context.today))]

    def judged(verdict: Verdict) -> Verdict:
        waiver = next((each for each in standing if not verdict.passed and each.covers(verdict)), None)
        return replace(verdict, waiver=waiver.name) if waiver else verdict

    return [judged(verdict) for verdict in verdicts]


def mistakes(known: Waivers, settings: Settings, gates: Collection[str], today: date) -> Iterator[Misuse]:
    """Each waiver that has expired, says too much, or names a gate or a person that is not there, at its line."""
    for number, waiver in enumerate(known.waivers):
        wrong = list(_wrong(waiver, settings, today))
        if waiver.gate not in gates:
            wrong.append(f"there is no gate `{waiver.gate}`: {meant(waiver.gate, gates)}")
        place = known._document.value["waivers"].value[number]
        yield from (place.wrong(f"waiver `{waiver.gate}: {waiver.subject}`: {what}") for what in wrong)


def _wrong(waiver: Waiver, settings: Settings, today: date) -> Iterator[str]:
    allowed = settings.people.may_change.gates
    if waiver.gate == "waivers":
        yield "what is wrong with waivers cannot be waived. Correct it."
    if len(re.findall(r"[^\W_]", waiver.subject)) < 4 or "*" in waiver.gate:
        yield "it is too broad. Name the subject of the verdict; `*` may stand for a part of it."
    if waiver.until < today:
        yield f"it holds until {waiver.until} and no longer. Mend what it was for, or let somebody decide on it again."
    if waiver.until > today + LONGEST:
        yield f"it lasts until {waiver.until}, over {LONGEST.days} days. End it by {today + LONGEST}."
    if waiver.who not in allowed:
        yield f"{waiver.who} may not change gates. Name one of `people.may_change.gates`: {', '.join(allowed)}."
