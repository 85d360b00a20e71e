"""What is signed after a model was made: entries of the ledger, each in the pages of its environment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby
from typing import Any

from mlops.errors import Refused
from mlops.evidence import keys
from mlops.evidence.statements import Statement, opened, signed
from mlops.platform.base import Platform
from mlops.settings import Settings

SAID = {
    "sign-off": "{who} signed as {role} for {on} on {when}",
    "stop": "{who} stopped the project on {when}: {reason}",
}


def add(
    platform: Platform, known: Settings, environment: str, kind: str, subjects: Mapping[str, str], says: Mapping
) -> None:
    """Sign what happened in an environment, and keep it. Raises Refused when the key at hand is not trusted there."""
    signer = keys.signer(environment, known, platform)
    said = {**says, "on": environment, "place": platform.place, "time": datetime.now(UTC).isoformat()}
    platform.ledger.append(environment, signed(Statement(kind, subjects, said), signer))


def read(platform: Platform, known: Settings) -> tuple[list[Statement], list[str]]:
    """All entries, and a sentence for each that is not there or cannot be believed.

    Oldest first; those of an environment in the order of its pages, whatever its clocks said.
    """
    found, faults = list[list[Statement]](), []
    for environment, pages in groupby(platform.ledger.read(), lambda entry: entry.environment):
        trusted = keys.trusted(environment, known, platform)
        found.append([])
        for number, entry in enumerate(pages, 1):
            what = f"entry {environment}/{entry.number} of the ledger"
            try:
                statement = opened(entry.content, what, trusted, environment)
                if (entry.number, statement.says["on"]) != (number, environment):
                    raise Refused(f"{what} is not where it was written, or one before it is missing. Restore it.")
                found[-1].append(statement)
            except Refused as error:
                faults.append(error.what)
    return [*merge(*found, key=lambda each: each.says["time"])], faults


def lasting(entries: Iterable[Statement], platform: Platform) -> list[Statement]:
    """Those that were not about an environment of the same name that has been removed since, with its endpoint."""
    return [each for each in entries if each.says["on"] != platform.on or each.says.get("place", "") == platform.place]


def said(entry: Statement) -> str:
    """A sign-off or a stop as a sentence."""
    time = datetime.fromisoformat(entry.says["time"])
    return SAID[entry.kind].format(when=f"{time:%Y-%m-%d at %H:%M UTC}", **entry.says).rstrip(".") + "."


def said_of(system: Mapping[str, str], entries: Iterable[Statement]) -> list[str]:
    """Who signed for a system, and who stopped the project, in sentences, oldest first."""
    return [said(each) for each in entries if each.kind == "stop" or each.kind in SAID and each.subjects == system]


def stopped(entries: Sequence[Statement]) -> tuple[Statement | None, list[str]]:
    """The last stop of the project, and the environments where its owner has let it go on since."""
    stop, resumed = None, set[str]()
    for each in entries:
        if each.kind == "stop":
            stop, resumed = each, set()
        elif each.kind == "sign-off" and each.says["role"] == "owner":
            resumed.add(each.says["on"])
    return stop, sorted(resumed)


def standing(entries: Sequence[Statement]) -> str:
    """Whether the project is stopped, in words."""
    stop, resumed = stopped(entries)
    if not stop:
        return "nobody has stopped the project"
    if not resumed:
        return f"stopped. {said(stop)} Nothing is released until its owner signs again."
    return f"resumed by its owner for {', '.join(resumed)}, and nowhere else. {said(stop)}"


def last(entries: Iterable[Statement], kind: str, environment: str, **says: Any) -> Statement | None:
    """The latest entry of a kind in an environment, such as the sign-off of a role."""
    wanted = {"on": environment, **says}.items()
    return next((each for each in reversed([*entries]) if each.kind == kind and wanted <= each.says.items()), None)
