"""Data of which is not said what it may be used for, or that is used otherwise, does not pass."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits
from mlops.settings import Source

id, stage = "data_use", "data"

SAID = ("about", "source", "licence", "purpose", "region")
UNSAID = re.compile(r"\W*(todo|tbd|tba|fixme|xxx|unknown|none|null|n\W?a)?\W*", re.IGNORECASE)
"""What people write who do not know."""


@dataclass(frozen=True)
class Use:
    """What is said of a source, its columns about people, and the environment, region and day of its use."""

    said: Source
    people: list[str]
    where: str
    region: str
    today: date


def measure(context: Context) -> Mapping[str, Use]:
    settings = context.settings
    where = settings.training.where if context.environment == "local" else context.environment
    region, found = getattr(settings.environments, where).region, {}
    for name, said in settings.data.items():
        people = [column.name for column in context.contracts[name] if column.sensitive or column.personal]
        found[name] = Use(said, people, where, region, context.today)
    return found


def check(measured: Mapping[str, Use], limits: Limits) -> Iterator[Verdict]:
    for name, use in measured.items():
        wrong = list(_wrong(use))
        for key, what, next_step in wrong:
            yield Verdict(id, f"{name}.{key}", None, None, False, f"data.{name}.{key}: {what}.", next_step)
        if not wrong:
            why = f"{name}: what it may be used for is said, until {use.said.keep_until} and for {use.said.region}."
            yield Verdict(id, name, None, None, True, why)


def _wrong(use: Use) -> Iterator[tuple[str, str, str]]:
    """Keys in mlops.yaml, what is wrong with each, and what to do."""
    said = use.said
    for key in SAID:
        if UNSAID.fullmatch(text := getattr(said, key)):
            yield key, f"{text!r} says nothing", "Ask the owner of the data, and write it down in mlops.yaml."
    if said.keep_until < use.today:
        what = f"the data had to go after {said.keep_until}, and today is {use.today}"
        yield "keep_until", what, "Remove it, or let its owner set a later date in mlops.yaml."
    if _plain(said.region) != _plain(use.region):
        what = f"the data belongs in {said.region}, and {use.where} is in {use.region}"
        yield "region", what, "Train where the data is (`training.where`), or ask its owner."
    if said.classification == "public" and use.people:
        what = f"public, but its contract has columns about people: {', '.join(use.people)}"
        yield "classification", what, "Classify it as internal at least, in mlops.yaml."


def _plain(region: str) -> str:
    """Azure writes West Europe as westeurope too."""
    return re.sub(r"\W", "", region).lower()
