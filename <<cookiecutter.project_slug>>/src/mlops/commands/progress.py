"""What a person sees of a run: its steps as they end, what was chosen, what was judged."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rich.text import Text

from mlops import files
from mlops.errors import Misuse
from mlops.gates.base import Verdict, tally
from mlops.platform.base import Event, Jobs
from mlops.show import console
from mlops.words import counted, short

MARKS = {
    "reused": ("↺", "cyan"),
    "finished": ("✓", "green"),
    "cancelled": ("■", "yellow"),
    "skipped": ("·", "dim"),
}
SAID = {"finished": "", "unreadable": " cannot read what it was given"}
STANDINGS = (("passed", "✓", "green"), ("waived", "~", "yellow"), ("refused", "✗", "red"))


def follow(name: str, steps: int, events: Iterable[Event], run: str) -> int:
    """Show the events of a run as they come; returns the exit status."""
    console.print(Text.assemble(f"{name}, run ", (short(run), "bold"), f", {counted(steps, 'step')}"))
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
    mark, style = MARKS.get(event.state, ("✗", "red"))
    words = SAID.get(event.state, f" {event.state}")
    seconds = f"  {event.seconds:.1f} s" if event.seconds else ""
    indent = "" if event.node is None else "  "
    return Text.assemble(f"{indent}{mark} {event.node or 'run'}{words}", (seconds, "dim"), style=style)


def _detail(event: Event) -> None:
    """Why a node failed, what is odd about one that runs all the same, or where the run's logs and outputs are."""
    if event.detail and (event.node is None or event.state in ("refused", "unreadable", "failed")):
        console.print(Text(event.detail, style="dim"), soft_wrap=True)
    elif event.detail and event.state in ("started", "finished"):
        console.print(Text(f"  {event.node}: {event.detail}", style="yellow"), soft_wrap=True)


def standing(verdict: Verdict) -> int:
    """Its place among STANDINGS."""
    return 0 if verdict.passed else 1 if verdict.waiver else 2


def verdicts(jobs: Jobs, run: str) -> None:
    """How many verdicts of each gate passed, the others in words, and the count of all; what refuses comes last."""
    from mlops.evidence.report.facts import judged

    with tempfile.TemporaryDirectory() as scratch:
        step, found = judged(jobs, jobs.describe(run), Path(scratch))
    gates: dict[str, list[Verdict]] = {}
    for verdict in sorted(found, key=standing):
        gates.setdefault(verdict.gate, []).append(verdict)
    for gate, own in sorted(gates.items(), key=lambda item: standing(item[1][-1])):
        _, mark, style = STANDINGS[standing(own[-1])]
        counts = Counter(map(standing, own))
        said = ", ".join(f"{counts[place]} {STANDINGS[place][0]}" for place in counts)
        console.print(Text(f"  {mark} {gate}: {said}", style))
        for verdict in own[counts[0] :]:
            waived = (verdict.waiver or "").removeprefix(f"{gate}: ")
            more = f"Waived: {waived}." if waived else verdict.next_step
            console.print(Text(f"      {verdict.why} {more}".rstrip(), style), soft_wrap=True)
    if found:
        where = f" of step {step}" if step else ""
        console.print(Text(f"{counted(len(gates), 'gate')}{where}, {tally(found)}", "bold"))


def choice(jobs: Jobs, run: str) -> None:
    """Which of several candidates was chosen, and why."""
    from mlops.evidence.evaluation import fetched

    with tempfile.TemporaryDirectory() as scratch, suppress(Misuse, LookupError, TypeError, AttributeError):
        found = files.read_json(fetched(jobs, run, "choice", Path(scratch)) / "choice.json")
        console.print(Text(found["why"], style="bold"), soft_wrap=True)
