"""What becomes of a job in Azure ML, as its run history tells: events of its steps, and how it ended."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from mlops.errors import Failure, MlopsError
from mlops.platform.azure.client import Azure
from mlops.platform.base import REFUSALS, STATES, Event, State

Seen = Mapping[str, Any]
"""A run as run history shows it."""
PAUSES = (1, 2, 3, 5, 8, 13, 20, 30)
"""Seconds between two looks; the last one again and again."""
ENDS = {"Completed": 0, "Failed": 3, "Canceled": 130}
"""Exit statuses."""
WAITS = {
    "Queued": "waits in the queue of its compute",
    "Provisioning": "waits for a machine",
    "Preparing": "waits for its image",
}
TAIL = 20


class Interrupted(MlopsError):
    """Ctrl-C while following."""

    status = 130


class History:
    """Run history of a workspace; `job` is a job's name, or that of a step's own run."""

    def __init__(self, azure: Azure) -> None:
        self._azure, names = azure, azure.names
        self._url = f"https://{names.location}.api.azureml.ms/history/v1.0{names.workspace_id}/runs/"

    def run(self, job: str) -> Seen:
        return self._azure.ask("GET", self._url + job)

    def page(self, job: str) -> str:
        """Where people look at a job."""
        names = self._azure.names
        group = f"/subscriptions/{names.subscription}/resourcegroups/{names.resource_group}"
        return f"https://ml.azure.com/runs/{job}?wsid={group}/workspaces/{names.workspace}"

    def steps(self, job: str) -> dict[str, Seen]:
        """The steps of a job that began, by name."""
        return {each["displayName"]: each for each in self._azure.listed(f"{self._url}{job}/children")}


def ended(seen: Seen) -> tuple[State, int] | None:
    """The state and exit status of a step that has ended."""
    if (status := ENDS.get(seen["status"])) == 3:
        status = REFUSALS.get((seen.get("tags") or {}).get("mlops.refused", ""), 3)
    if status == 0 and (seen.get("properties") or {}).get("azureml.isreused") == "true":
        return "reused", 0
    return None if status is None else (STATES[status], status)


def outcome(job: Seen, steps: Mapping[str, Seen]) -> tuple[State, int] | None:
    """The same of a job: of its steps the worst."""
    if (status := ENDS.get(job["status"])) == 3:
        status = max((each[1] for step in steps.values() if (each := ended(step)) and each[1] < 130), default=0) or 3
    return None if status is None else (STATES[status], status)


def seconds(seen: Seen) -> float:
    """How long it ran, until now or its end."""
    if not (start := seen.get("startTimeUtc")):
        return 0.0
    end = datetime.fromisoformat(seen["endTimeUtc"]) if seen.get("endTimeUtc") else datetime.now().astimezone()
    return (end - datetime.fromisoformat(start)).total_seconds()


def events(history: History, run: str, job: str, nodes: list[str], log: Any) -> Generator[Event, None, None]:
    """Events of a run until it has ended. `log` gives what a step printed."""
    known: dict[str, str] = {}
    looks = 0
    while True:
        now, steps = history.run(job), history.steps(job)
        for name, step in steps.items():
            if known.get(name) != (status := step["status"]):
                known[name] = status
                if state := ended(step):
                    detail = _why(step, log(step)) if state[1] else ""
                    yield Event(run, name, state[0], seconds(step), detail, state[1])
                else:
                    yield Event(run, name, "started", detail=WAITS.get(status, ""))
        if state := outcome(now, steps):
            break
        time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
    for name in nodes:
        if name not in steps:
            yield Event(run, name, "skipped")
    where = f"{_said(now)} Its logs and outputs: {history.page(job)}".lstrip()
    yield Event(run, None, state[0], seconds(now), where, state[1])


@contextmanager
def going_on(run: str, on: str) -> Iterator[None]:
    """What stops the following does not stop the job: say how to come back to it."""
    back, end = (f"`mlops runs {verb} {run} --on {on}`" for verb in ("follow", "cancel"))
    back = f"The job goes on. Come back to it with {back}, or end it with {end}."
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(back) from None
    except Failure as error:
        raise Failure(f"{error} {back}") from error


def _why(step: Seen, tail: str) -> str:
    lines = "\n".join(tail.splitlines()[-TAIL:])
    return f"{_said(step)}\nThe end of its log:\n{lines or '(it printed nothing)'}"


def _said(seen: Seen) -> str:
    error = (seen.get("error") or {}).get("error") or {}
    return " ".join(str(error.get("message") or "").split())
