"""What a person sees of a run: its steps as they end, what was chosen, what was judged."""

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.text import Text

from mlops import files
from mlops.errors import Misuse
from mlops.gates.base import read_verdicts, tally
from mlops.platform.base import Event, Jobs
from mlops.show import console
from mlops.specs.types import Job
from mlops.words import counted

MARKS = {
    "reused": ("↺", "cyan"),
    "finished": ("✓", "green"),
    "refused": ("✗", "red"),
    "failed": ("✗", "red"),
    "cancelled": ("■", "yellow"),
    "skipped": ("·", "dim"),
}


def follow(job: Job, events: Iterable[Event], run: str) -> int:
    """Show the events of a run as they come; returns the exit status."""
    for sentence in job.ignored:
        console.print(Text(sentence, style="dim"), soft_wrap=True)
    console.print(Text.assemble(f"{job.name}, run ", (run[:8], "bold"), f", {counted(len(job.nodes), 'step')}"))
    at_work: set[str] = set()
    status = 0
    with console.status("") as spinner:
        for event in events:
            if event.state == "started" and event.node:
                at_work.add(event.node)
            else:
                at_work.discard(event.node or "")
                status = event.status
                console.print(_line(event))
            _detail(event)
            spinner.update(Text(", ".join(sorted(at_work))))
    return status


def _line(event: Event) -> Text:
    mark, style = MARKS[event.state]
    words = "" if event.state == "finished" else f" {event.state}"
    seconds = f"  {event.seconds:.1f} s" if event.seconds else ""
    indent = "" if event.node is None else "  "
    return Text.assemble(f"{indent}{mark} {event.node or 'run'}{words}", (seconds, "dim"), style=style)


def _detail(event: Event) -> None:
    """Why a node failed, what is odd about one that runs all the same, or where the run's logs and outputs are."""
    if event.detail and (event.node is None or event.state in ("refused", "failed")):
        console.print(Text(event.detail, style="dim"), soft_wrap=True)
    elif event.detail and event.state in ("started", "finished"):
        console.print(Text(f"  {event.node}: {event.detail}", style="yellow"), soft_wrap=True)


def verdicts(jobs: Jobs, run: str) -> None:
    """What was judged, when all of it stands; what refused has been said by the step that refused.

    A foreign job's own output of that name is left alone.
    """
    try:
        found = read_verdicts(_output(jobs, run, "verdicts"))
    except (LookupError, TypeError):
        return
    if not all(verdict.stands for verdict in found):
        console.print(f"{tally(found)}; those refused are above.")
        return
    for verdict in found:
        waived = "" if verdict.passed else f" Waived: {verdict.waiver}"
        style = "green" if verdict.passed else "yellow"
        console.print(Text(f"  {'~' if waived else '✓'} {verdict.gate}: {verdict.why}{waived}", style), soft_wrap=True)


def choice(jobs: Jobs, run: str) -> None:
    """Which of several candidates was chosen, and why."""
    if isinstance(why := _output(jobs, run, "choice").get("why"), str):
        console.print(Text(why, style="bold"), soft_wrap=True)


def _output(jobs: Jobs, run: str, name: str) -> dict[str, Any]:
    """`NAME/NAME.json` of a run that has such an output, else nothing."""
    with tempfile.TemporaryDirectory() as scratch, suppress(Misuse):
        jobs.fetch(run, name, Path(scratch) / name)
        found = files.read_json(Path(scratch) / name / f"{name}.json")
        return found if isinstance(found, dict) else {}
    return {}
