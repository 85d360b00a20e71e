"""Verdicts that do not pass and may stand for a while: `responsible_ai/waivers.yaml`."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mlops.gates.base import Context, Verdict
from mlops.sections import Document, Section, Text
from mlops.settings import Email, Settings, said
from mlops.specs.load import meant
from mlops.specs.types import Place

FILE = "waivers.yaml"
IDLE = "no verdict needs the waiver `{}`: delete it, or correct its subject."
LONGEST = timedelta(days=180)
"""A waiver that lasts longer is a limit that nobody dares to change."""
ANY = r"(?:(?! and ).)*"
"""What `*` stands for: a waiver for each column is none for the groups that two columns make together."""


class Waiver(Section):
    """`subject` is that of a verdict; `*` in it stands for any text without ` and `."""

    gate: Text
    subject: Text
    no_worse_than: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """How far the figure of a verdict may be beyond its limit; where there is a figure, nothing is covered without."""
    reason: Annotated[str, Field(min_length=20), AfterValidator(said)]
    """Why the verdict may stand, and what is done about it."""
    who: Email
    """Who answers for it: somebody of `people.may_change.gates`."""
    until: date

    @property
    def name(self) -> str:
        most = "" if self.no_worse_than is None else f", no worse than {self.no_worse_than:g}"
        return f"{self.gate}: {self.subject}{most}, until {self.until}"

    def means(self, verdict: Verdict) -> bool:
        subject = re.escape(self.subject).replace(r"\*", ANY)
        return verdict.gate == self.gate and bool(re.fullmatch(subject, verdict.subject))

    def covers(self, verdict: Verdict) -> bool:
        """Whether it means the verdict, and the figure is no further beyond the limit than what was waived."""
        figure, limit, most = verdict.figure, verdict.limit, self.no_worse_than
        if figure is None or not isinstance(limit, int | float):
            return self.means(verdict) and most is None
        within = most is not None and (figure == limit or (most - limit) / (figure - limit) >= 1)
        return self.means(verdict) and within


class Waivers(Document):
    waivers: list[Waiver]


def signed(says: Mapping[str, Any]) -> list[Waiver]:
    """The waivers of a build statement."""
    return [Waiver.model_validate(each, strict=False) for each in says["waivers"]]


def load(folder: Path) -> Waivers:
    """Raises Misuse with every mistake at its line."""
    return Waivers.load(folder / FILE)


def applied(verdicts: Sequence[Verdict], context: Context) -> list[Verdict]:
    """The verdicts, each failing one that a waiver in force covers with the waiver's name; `passed` stays false.

    At the end, one that passes for each waiver that these gates could need and do not.
    """
    if context.responsible_ai is None:
        return list(verdicts)
    known = load(context.responsible_ai)
    standing = [each for each in known.waivers if not list(_wrong(each, context.settings, context.today))]
    gates, failing = {each.gate for each in verdicts}, [each for each in verdicts if not each.passed]
    idle = [each for each in standing if each.gate in gates and not any(map(each.means, failing))]
    return [_judged(each, standing) for each in verdicts] + [
        Verdict("waivers", each.name, None, None, True, IDLE.format(each.name)) for each in idle
    ]


def _judged(verdict: Verdict, standing: Sequence[Waiver]) -> Verdict:
    about = [each for each in standing if not verdict.passed and each.means(verdict)]
    if covering := [each for each in about if each.covers(verdict)]:
        return replace(verdict, waiver=covering[0].name)
    figure = "none" if verdict.figure is None else f"{verdict.figure:.4g}"
    how = f"does not cover the figure {figure}; `no_worse_than` sets how far."
    return replace(verdict, why=" ".join([verdict.why, *(f"The waiver `{each.name}` {how}" for each in about)]))


def mistakes(
    known: Waivers, settings: Settings, gates: Collection[str], today: date
) -> Iterator[tuple[Place, Verdict]]:
    """Each waiver that has expired, says too much, or names a gate or a person that is not there, with its line."""
    for number, waiver in enumerate(known.waivers):
        wrong = list(_wrong(waiver, settings, today))
        if waiver.gate not in gates:
            wrong.append((f"there is no gate `{waiver.gate}`: {meant(waiver.gate, gates)}", "Name one that there is."))
        place = known._document.value["waivers"].value[number].place
        for what, next_step in wrong:
            why = f"waiver `{waiver.gate}: {waiver.subject}`: {what}"
            yield place, Verdict("waivers", f"{FILE}:{place.line}", None, None, False, why, next_step)


def _wrong(waiver: Waiver, settings: Settings, today: date) -> Iterator[tuple[str, str]]:
    allowed = settings.people.may_change.gates
    if waiver.gate == "waivers":
        yield "what is wrong with waivers cannot be waived.", "Correct it."
    if len(re.findall(r"[^\W_]", waiver.subject)) < 4 or "*" in waiver.gate:
        yield "it is too broad.", "Name the subject of the verdict; `*` may stand for a part of it."
    if waiver.until < today:
        why = f"it holds until {waiver.until} and no longer."
        yield why, "Mend what it was for, or let somebody decide on it again."
    if waiver.until > today + LONGEST:
        yield f"it lasts until {waiver.until}, over {LONGEST.days} days.", f"End it by {today + LONGEST}."
    if waiver.who not in allowed:
        yield f"{waiver.who} may not change gates.", f"Name one of `people.may_change.gates`: {', '.join(allowed)}."
