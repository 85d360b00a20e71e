"""What is signed after a model was made: entries of the ledger, each in the pages of its environment."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from mlops.errors import Refused
from mlops.evidence import keys
from mlops.evidence.statements import Statement, opened, signed
from mlops.platform.base import Platform
from mlops.settings import Settings


def add(
    platform: Platform, known: Settings, environment: str, kind: str, subjects: Mapping[str, str], says: Mapping
) -> None:
    """Sign what happened in an environment, and keep it. Raises Refused when the key at hand is not trusted there."""
    signer = keys.signer(environment, known, platform)
    said = {**says, "on": environment, "time": datetime.now(UTC).isoformat()}
    platform.ledger.append(environment, signed(Statement(kind, subjects, said), signer))


def read(platform: Platform, known: Settings) -> tuple[list[Statement], list[str]]:
    """All entries, oldest first, and a sentence for each that is not there or cannot be believed."""
    found, faults = [], []
    for environment, pages in groupby(platform.ledger.read(), lambda entry: entry.environment):
        trusted = keys.trusted(environment, known, platform)
        for number, entry in enumerate(pages, 1):
            what = f"entry {environment}/{entry.number} of the ledger"
            try:
                statement = opened(entry.content, what, trusted, environment)
                if (entry.number, statement.says["on"]) != (number, environment):
                    raise Refused(f"{what} is not where it was written, or one before it is missing. Restore it.")
                found.append(statement)
            except Refused as error:
                faults.append(error.what)
    return sorted(found, key=lambda each: each.says["time"]), faults


def said_of(system: Mapping[str, str], entries: Iterable[Statement]) -> list[str]:
    """Who signed for a system, and who stopped the project, in sentences, oldest first."""
    found = []
    for each in entries:
        says = {"day": each.says["time"][:10], **each.says}
        if each.kind == "sign-off" and each.subjects == system:
            found.append("{who} signed as {role} for {on} on {day}.".format_map(says))
        if each.kind == "stop":
            found.append("{who} stopped the project on {day}: {reason}".format_map(says))
    return list(dict.fromkeys(found))


def last(entries: Iterable[Statement], kind: str, environment: str, **says: Any) -> Statement | None:
    """The latest entry of a kind in an environment, such as the sign-off of a role."""
    wanted = {"on": environment, **says}.items()
    return next((each for each in reversed([*entries]) if each.kind == kind and wanted <= each.says.items()), None)
