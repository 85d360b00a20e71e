"""Schedules as their files say them: which job runs, and when, in UTC.

A cron expression is `MINUTES HOURS * * DAYS-OF-WEEK`: what it says of days and months Azure ML ignores ("Schedule
machine learning pipeline jobs", Microsoft, 2025).
"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from mlops.specs.assets import existing, yaml_files
from mlops.specs.load import Item, read

FOLDER = Path("azureml", "schedules")
PARTS = {"minutes": range(60), "hours": range(24), "days of the week": range(7)}
SPAN = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")
WEEK = 7 * 24 * 60


class Schedule(NamedTuple):
    name: str
    about: str
    job: Path
    when: str


def of_project(project: Path) -> list[Schedule]:
    """Raises Misuse, at its line, for what cannot run."""
    return [of_file(read(file)) for file in yaml_files(project / FOLDER)]


def of_file(root: Item) -> Schedule:
    name, job, trigger = root.text("name"), root.get("create_job"), root.get("trigger")
    if not name or not job or not trigger or not (when := trigger.get("expression")):
        raise root.wrong("a schedule needs `name:`, `trigger.expression:` and `create_job:`. Add what is missing.")
    try:
        times(str(when.value))
    except ValueError as error:
        raise when.wrong(f"`{when.value}` {error}.") from error
    return Schedule(name, root.text("description") or "", existing(job, "job", "Correct the path."), str(when.value))


def times(expression: str) -> list[set[int]]:
    """Its minutes, hours and days of the week, of which 0 is Sunday. Raises ValueError with what it is not."""
    match expression.split():
        case [minutes, hours, "*", "*", days]:
            return [_values(text, name) for text, name in zip((minutes, hours, days), PARTS, strict=True)]
    raise ValueError("is not `MINUTES HOURS * * DAYS-OF-WEEK`; Azure ML ignores days and months, so they stay `*`")


def following(expression: str, now: datetime) -> datetime:
    """When it comes next."""
    minutes, hours, days = times(expression)
    start = now.replace(second=0, microsecond=0)
    found = (start + timedelta(minutes=count) for count in range(1, WEEK + 1))
    return next(it for it in found if it.minute in minutes and it.hour in hours and it.isoweekday() % 7 in days)


def _values(text: str, name: str) -> set[int]:
    known, found = PARTS[name], set[int]()
    for part in text.split(","):
        first, last, step = match.groups() if (match := SPAN.fullmatch(part)) else ("", "", "")
        ends = int(first or 0), int(last or (first if first and not step else known[-1]))
        chosen = range(ends[0], ends[1] + 1, int(step or 1))
        if not match or not chosen or chosen[-1] not in known:
            raise ValueError(f"has `{part}` for the {name}, which are {known[0]} to {known[-1]}")
        found |= {*chosen}
    return found
