"""`mlops runs`."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mlops.commands.common import AsJson, Environment, On, Opened, Run, group, open_platform
from mlops.words import short

app = group("List, show, follow, cancel, compare, annotate and restore runs.")

KINDS = {"parameters": "parameter", "code": "own lines of"} | {it: it for it in ("data", "champion", "environment")}


@app.command("list")
def list_(on: On = "local", as_json: AsJson = False) -> None:
    """All runs, newest first, and what came of them."""
    from mlops import show

    here = open_platform(on)
    records, damaged = here.platform.jobs.list()
    runs = with_results(here, *records)
    for sentence in (*damaged, *(each["remark"] for each in runs if each["remark"])):
        typer.echo(sentence, err=True)
    if as_json:
        return show.record(runs)
    names = ("name", "state", "reason", "outcome", "models")
    rows = ([short(each["run"]), each["started"][:16], *(each[name] for name in names)] for each in runs)
    show.table(("run", "started (UTC)", *names), rows)


@app.command()
def show(run: Run, on: On = "local", as_json: AsJson = False) -> None:
    """What a run read, ran and wrote, and what was made from it."""
    from mlops import show
    from mlops.commands.origin import origin

    here = open_platform(on)
    [found] = with_results(here, here.platform.jobs.describe(here.platform.jobs.find(run)))
    if as_json:
        return show.record(found)
    facts = {name: found[name] for name in ("run", "state", "started", "name", "file", "reason")}
    facts["notes"] = "\n".join(f"{each['when']} {each['text']}" for each in found["notes"])
    facts["steps"] = "\n".join(_step(name, each) for name, each in found["nodes"].items())
    show.facts(facts | origin(found) | {"models": ", ".join(found["models"]), "remark": found["remark"]})


@app.command()
def follow(run: Run, on: On = "dev") -> None:
    """Stay with a run in Azure ML until it has ended; Ctrl-C leaves it alone."""
    from mlops.commands import progress

    jobs = open_platform(on).platform.jobs
    record = jobs.describe(found := jobs.find(run))
    status = progress.follow(record["name"], len(record["nodes"]), jobs.follow(found), found)
    progress.choice(jobs, found)
    progress.verdicts(jobs, found)
    raise typer.Exit(status)


@app.command()
def cancel(run: Run, on: On = "dev") -> None:
    """End a run in Azure ML; its steps may take a minute to end."""
    jobs = open_platform(on).platform.jobs
    jobs.cancel(found := jobs.find(run))
    print(f"run {found} is being cancelled")


@app.command()
def compare(a: Run, b: Run, on: On = "local", as_json: AsJson = False) -> None:
    """What differs from run A to run B, and whether B's metrics are better or worse by more than noise.

    `RUN@dev` is a run on dev.
    """
    from mlops import show
    from mlops.errors import Misuse
    from mlops.evidence.compare import compare
    from mlops.gates import quality

    (here, one), (there, other) = _of_place(a, on), _of_place(b, on)
    jobs = here.platform.jobs, there.platform.jobs
    records = [each.describe(run) for each, run in zip(jobs, (one, other), strict=True)]
    ids = [short(record["run"]) for record in records]
    if one == other:
        raise Misuse(f"'{a}' and '{b}' are both run {one}. `mlops runs list` shows the others.")
    with tempfile.TemporaryDirectory() as scratch:
        limits = here.settings.limits(quality.id, quality.Limits)
        found = compare(records, jobs, here.package, limits, here.project, Path(scratch))
    if as_json:
        return show.record({"runs": [record["run"] for record in records]} | found)
    show.console.print(found["differs"], style="bold")
    rows = [[name, *(record[name] for record in records)] for name in ("name", "state", "reason")]
    rows += [[f"{said} {name}", *pair] for kind, said in KINDS.items() for name, pair in found[kind].items()]
    show.table(("", *ids), rows)
    if metrics := found["metrics"]:
        heads = ("", *ids, f"{ids[1]} - {ids[0]}", f"on {found['rows']:,} rows in both")
        rows = [[name, *each["values"], each["difference"], each["verdict"]] for name, each in metrics.items()]
        show.table(heads, rows)
    for remark in found["remarks"]:
        show.console.print(remark, markup=False, soft_wrap=True)


@app.command()
def note(
    run: Run, text: Annotated[str, typer.Argument(help="What others should know of it.")], on: On = "local"
) -> None:
    """Add a note to a run; `mlops runs show` and the browser (`make ui`) show it."""
    jobs = open_platform(on).platform.jobs
    jobs.note(jobs.find(run), text)


@app.command()
def restore(
    run: Run, to: Annotated[Path, typer.Argument(help="A folder that is not there yet.")], on: On = "local"
) -> None:
    """Write the code and the data of a run into a folder of their own."""
    from mlops.errors import Failure
    from mlops.evidence.restore import restore

    project, platform = open_platform(on)
    command, missing = restore(platform.jobs.find(run), to.absolute(), platform, project)
    print(f"To run it there again: {command}")
    if missing:
        raise Failure("\n".join(missing))


def _of_place(reference: str, on: Environment) -> tuple[Opened, str]:
    """The place of `RUN` or `RUN@PLACE`, and the run there."""
    run, _, place = reference.partition("@")
    here = open_platform(cast(Environment, place or on))
    return here, here.platform.jobs.find(run)


def with_results(here: Opened, *records: Any) -> list[dict[str, Any]]:
    """Records of runs with metrics, verdicts and models; `remark` says why they cannot be had."""
    from mlops.errors import Failure
    from mlops.evidence import build
    from mlops.evidence.compare import recorded
    from mlops.evidence.evaluation import evaluated
    from mlops.evidence.report.facts import judged

    (signed, _), jobs, found = here.signed, here.platform.jobs, []
    runs = {f"{each.name}:{each.version}": build.runs(each, signed) for each in here.platform.models.list()}
    for record in records:
        models = [model for model, made in runs.items() if record["run"] in made]
        results = dict[str, Any](models=models, metrics={}, rows=None, outcome=None, verdicts=[], remark="")
        with tempfile.TemporaryDirectory() as scratch:
            try:
                metrics = recorded(measured := evaluated(jobs, record["run"], Path(scratch)))
                results |= {"metrics": metrics, "outcome": metrics.get("outcome"), "rows": measured.figures.get("rows")}
                _, results["verdicts"] = judged(jobs, record, Path(scratch))
            except Failure as error:
                results["remark"] = str(error)
        found.append({**record, **results})
    return found


def _step(name: str, node: Any) -> str:
    reused = f" from run {short(node['reuses']['run'])}" if "reuses" in node else ""
    return f"{name} {node['state']}{reused} {node['seconds']:.1f} s"
