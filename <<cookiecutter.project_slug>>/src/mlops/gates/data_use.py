"""Data of which is not said what it may be used for, or that is used otherwise, does not pass."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from mlops.gates import limits
from mlops.gates.base import Context, Stage, Verdict
from mlops.settings import Source

id = "data_use"
stage: Stage = "data"

SAID = ("about", "source", "licence", "purpose", "region")
UNSAID = re.compile(r"\W*(todo|tbd|tba|fixme|xxx|unknown|none|null|n\W?a)?\W*", re.IGNORECASE)
"""What people write who do not know."""


class Limits(limits.Limits):
    """None: what a source may be used for stands under `data` in mlops.yaml."""


@dataclass(frozen=True)
class Measured:
    """What is said of a source, its columns that are about people, and where and when it is used."""

    said: Source
    people: tuple[str, ...]
    where: str
    region: str
    today: date


def measure(context: Context) -> Mapping[str, Measured]:
    settings = context.settings
    where = settings.training.where if context.environment == "local" else context.environment
    region = getattr(settings.environments, where).region
    people = {
        name: tuple(column.name for column in contract if column.sensitive or column.personal)
        for name, contract in context.contracts.items()
    }
    return {name: Measured(said, people[name], where, region, context.today) for name, said in settings.data.items()}


def check(measured: Mapping[str, Measured], limits: Limits) -> Iterator[Verdict]:
    for name, used in measured.items():
        wrong = list(_wrong(used))
        for key, what, next_step in wrong:
            yield Verdict(id, f"{name}.{key}", None, None, False, f"data.{name}.{key}: {what}.", next_step)
        if not wrong:
            why = f"{name}: what it may be used for is said, until {used.said.keep_until} and for {used.said.region}."
            yield Verdict(id, name, None, None, True, why)


def _wrong(used: Measured) -> Iterator[tuple[str, str, str]]:
    """The key in mlops.yaml, what is wrong, and what to do."""
    said, people = used.said, ", ".join(used.people)
    for key in SAID:
        if UNSAID.fullmatch(text := getattr(said, key)):
            yield key, f"{text!r} says nothing", "Ask the owner of the data, and write it down in mlops.yaml."
    if said.keep_until < used.today:
        what = f"the data had to go after {said.keep_until}, and today is {used.today}"
        yield "keep_until", what, "Remove it, or let its owner set a later date in mlops.yaml."
    if _plain(said.region) != _plain(used.region):
        what = f"the data belongs in {said.region}, and {used.where} is in {used.region}"
        yield "region", what, "Train where the data is (`training.where`), or ask its owner."
    if said.classification == "public" and people:
        what = f"public, but its contract has columns about people: {people}"
        yield "classification", what, "Classify it as internal at least, in mlops.yaml."


def _plain(region: str) -> str:
    """Azure writes West Europe as westeurope too."""
    return re.sub(r"\W", "", region).lower()
