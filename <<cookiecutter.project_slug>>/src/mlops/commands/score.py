"""`mlops score`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mlops.batch import ERRORS, SUMMARY
from mlops.commands.common import AsJson, ModelRef, On, Opened, open_platform
from mlops.errors import Misuse

Share = Annotated[float, typer.Option(min=0, max=1, help="The greatest share of rows that may break the contract.")]
Source = "A Parquet or CSV file, or a folder of Parquet files; with --on NAME:VERSION of data there."
PIPELINE = Path("azureml", "pipelines", "score.yml")


def score(
    model: ModelRef,
    source: Annotated[str, typer.Option("--input", help=Source)],
    output: Annotated[Path, typer.Option(help="A new folder, or that of a run which was cut off.")],
    on: On = "local",
    top: Annotated[int, typer.Option(min=0, help="How many rows the ranked list has.")] = 10_000,
    errors: Share = ERRORS,
    parts: Annotated[bool, typer.Option("--parts", help="With --on: bring every row here, not only the list.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score a table of any length; the same command goes on where the last one was cut off."""
    from mlops import show
    from mlops.batch import job
    from mlops.batch.scoring import BAD, SCORED, TableScorer

    show.console.stderr = as_json
    here = open_platform(on)
    if on == "local":
        with TableScorer.registered(here.platform.models, model) as scorer, _progress() as progress:
            summary = job.run(scorer, Path(source), output, top, errors, progress)
    else:
        summary = _in_azure(here, model, source, output, {"top": f"{top}", "errors": f"{errors}"}, parts)
    if as_json:
        return show.record(summary)

    def rows(count: int, kind: str) -> str:
        where = f"in {output / kind}/" if parts or on == "local" else "which --parts brings here"
        return f"{count:,} rows, {where}"

    aside = "".join(f"\n{count:,} × {why}" for why, count in summary["reasons"].items())
    unread, earlier = ", ".join(summary.get("unread", ())), summary["rows"]
    earlier -= summary.get("scoring", summary)["rows"]
    ranked = summary["ranked"] and f"the first {summary['ranked']:,} by {summary['ranked_by']}, in {output}/ranked.csv"
    show.facts(
        {
            "gone on": earlier and f"after {earlier:,} rows that were scored before",
            "scored": rows(summary["scored"], SCORED),
            "set aside": rows(summary["bad"], BAD) + aside if summary["bad"] else None,
            "not read": unread and f"columns {unread}",
            "ranked": ranked and f"{ranked}; as a page: mlops report {output}",
        }
    )


def _in_azure(
    here: Opened, model: str, source: str, output: Path, sets: Mapping[str, str], parts: bool
) -> dict[str, Any]:
    """Score a version of data by a job of the environment, and bring here what it wrote; the same again finds it."""
    import shutil
    import tempfile

    from mlops import files
    from mlops.batch import job
    from mlops.commands import progress
    from mlops.platform.base import Submission
    from mlops.platform.local.lock import locked

    platform, on = here.platform, here.platform.on
    if Path(source).exists():
        what = f"{source} is on this machine, and {on} scores data of its own"
        raise Misuse(f"{what}. Bring it there: mlops data add NAME {source} --on {on}, and name it: --input NAME:1")
    data, found = platform.data.get(source), platform.models.get(model)
    exact = f"{found.name}:{found.version}"
    with locked(output / ".lock", wait=False, who=f"another `mlops score` into {output}"):
        job.claim(output, {"model": f"{exact}, digest {found.digest}", "input": {data.reference: data.digest}})
        bound = here.bound(here.project / PIPELINE, sets, {"rows": Path(f"azureml:{data.reference}")}, found)
        run = platform.jobs.submit(Submission(bound, reason=f"scores {data.reference} with {exact}"))
        if status := progress.follow(bound.name, len(bound.nodes), platform.jobs.follow(run), run):
            raise typer.Exit(status)
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("scored", "ranked") if parts else ("ranked",):
                platform.jobs.fetch(run, name, Path(scratch, name))
                shutil.copytree(Path(scratch, name), output, dirs_exist_ok=True)
    return files.read_json(output / SUMMARY)


@contextmanager
def _progress() -> Iterator[Callable[[int, int, int], None]]:
    """A bar on a terminal, and else a line for each tenth."""
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    from mlops.show import console

    columns, seen = ("{task.description}", BarColumn(), TimeRemainingColumn()), console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not seen) as bar:
        task, tenths = bar.add_task("rows"), 0

        def progress(done: int, rows: int, bad: int) -> None:
            nonlocal tenths
            said = f"{done:,} of {rows:,} rows, {bad:,} set aside"
            bar.update(task, completed=done, total=rows, description=said)
            if not seen and done * 10 // rows > tenths:
                tenths = done * 10 // rows
                console.print(said)

        yield progress
