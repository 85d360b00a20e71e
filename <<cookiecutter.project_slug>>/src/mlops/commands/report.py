"""`mlops report`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import open_platform

What = Annotated[str, typer.Argument(help="A run's id, the start of one, `last`, or a model such as `name:3`.")]
To = Annotated[Path | None, typer.Option(help="The file to write, instead of .mlops/reports/RUN.html.")]


def report(what: What, to: To = None) -> None:
    """Write one HTML page about a run or a model; prints where it is."""
    import tempfile

    from mlops.evidence.report import facts, render

    project, platform = open_platform()
    run = facts.resolve(what, platform)
    file = to or project / ".mlops" / "reports" / f"{run}.html"
    with tempfile.TemporaryDirectory() as scratch:
        render.write(facts.collect(run, platform, project, Path(scratch)), file)
    print(file)
