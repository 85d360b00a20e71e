"""What a person sees: progress, verdicts, models. On a terminal it moves; elsewhere it is plain lines."""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mlops.errors import Misuse
from mlops.files import read_json
from mlops.platform.base import Event, Jobs, Model
from mlops.specs.types import Job
from mlops.stats import Interval

console = Console(highlight=False)

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
    console.print(Text.assemble(f"{job.name}, run ", (run[:8], "bold"), f", {len(job.nodes)} steps"))
    return _live(job, events) if console.is_terminal else _plain(events)


def _plain(events: Iterable[Event]) -> int:
    status = 0
    for event in events:
        if event.node is None:
            status = event.status
        if event.state != "started":
            console.print(_line(event))
        _remark(event)
        _explain(event)
    return status


def _live(job: Job, events: Iterable[Event]) -> int:
    seen: dict[str, Event] = {}
    last = None
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        for event in events:
            if event.node is None:
                last = event
            else:
                seen[event.node] = event
            _remark(event)
            live.update(_table(job, seen))
    for event in (*seen.values(), *([last] if last else [])):
        if event.node is None:
            console.print(_line(event))
        _explain(event)
    return last.status if last else 0


def _table(job: Job, seen: dict[str, Event]) -> Table:
    table = Table.grid(padding=(0, 1))
    for node in job.nodes:
        event = seen.get(node.name)
        if event is None:
            table.add_row(Text(f"  · {node.name}", style="dim"))
        elif event.state == "started":
            table.add_row(Spinner("dots", text=f" {node.name}"))
        else:
            table.add_row(_line(event))
    return table


def _line(event: Event) -> Text:
    mark, style = MARKS[event.state]
    words = "" if event.state == "finished" else f" {event.state}"
    seconds = f"  {event.seconds:.1f} s" if event.seconds else ""
    indent = "" if event.node is None else "  "
    return Text.assemble(f"{indent}{mark} {event.node or 'run'}{words}", (seconds, "dim"), style=style)


def _remark(event: Event) -> None:
    """What is odd about a node that runs all the same."""
    if event.detail and event.state in ("started", "finished"):
        console.print(Text(f"  {event.node}: {event.detail}", style="yellow"), soft_wrap=True)


def _explain(event: Event) -> None:
    if event.detail and event.state in ("refused", "failed"):
        console.print(Text(event.detail, style="dim"), soft_wrap=True)


def verdicts(jobs: Jobs, run: str) -> None:
    """What was judged, when all of it passed; what refused has been said by the step that refused."""
    judged = _output(jobs, run, "verdicts").get("verdicts", [])
    passed = [verdict for verdict in judged if verdict["passed"]]
    if len(passed) == len(judged):
        for verdict in passed:
            console.print(Text(f"  ✓ {verdict['gate']}: {verdict['why']}", style="green"), soft_wrap=True)
    else:
        console.print(f"{len(passed)} of {len(judged)} verdicts passed; those that did not are above.")


def choice(jobs: Jobs, run: str) -> None:
    """Which of several candidates was chosen, and why."""
    if why := _output(jobs, run, "choice").get("why"):
        console.print(Text(why, style="bold"), soft_wrap=True)


def _output(jobs: Jobs, run: str, name: str) -> dict[str, Any]:
    """`NAME/NAME.json` of a run that has such an output, else nothing."""
    with tempfile.TemporaryDirectory() as scratch, suppress(Misuse):
        jobs.fetch(run, name, Path(scratch) / name)
        return read_json(Path(scratch) / name / f"{name}.json")
    return {}


def record(described: Mapping[str, Any]) -> None:
    _json(dict(described))


def registered(model: Model) -> None:
    console.print(f"registered [bold]{model.name}:{model.version}[/], digest {model.digest[:12]}")
    if model.lineage["code"]["dirty"]:
        console.print("Its code is not committed: a copy is kept with the run. Commit it before others build on it.")


def models(found: tuple[Model, ...], as_json: bool) -> None:
    if as_json:
        return _json([asdict(model) for model in found])
    if not found:
        console.print("No model is registered yet: `mlops run azureml/pipelines/train.yml --register` makes the first.")
    for model in found:
        about = f"  {model.digest[:12]}  run {model.lineage['run'][:8]}  outcome {_interval(model.lineage['outcome'])}"
        console.print(Text.assemble((f"{model.name}:{model.version}", "bold"), about))


def model(found: Model, as_json: bool) -> None:
    if as_json:
        return _json(asdict(found))
    lineage, code = found.lineage, found.lineage["code"]
    changes = ", with changes that are not committed" if code["dirty"] else ""
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("model", f"{found.name}:{found.version}"),
        ("digest", found.digest),
        ("run", lineage["run"]),
        ("reason", lineage["reason"]),
        ("code", f"{code['digest'][:12]}, commit {(code['commit'] or 'none')[:12]}{changes}"),
        ("data", "\n".join(f"{name} {entry['digest'][:12]}" for name, entry in lineage["data"].items())),
        ("environment", f"{lineage['environment']['digest'][:12]}, Python {lineage['environment']['python']}"),
        ("parameters", ", ".join(f"{name}={value}" for name, value in lineage["parameters"].items())),
        ("outcome", _interval(lineage["outcome"])),
        ("metrics", "\n".join(f"{name} {_interval(interval)}" for name, interval in lineage["metrics"].items())),
        ("verdicts", f"{len(lineage['verdicts'])}, all passed or waived"),
    ):
        table.add_row(Text(name, style="dim"), Text(str(value)))
    console.print(table)


def _interval(plain: Mapping[str, Any]) -> Interval:
    return Interval(plain["value"], plain["low"], plain["high"])


def _json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
