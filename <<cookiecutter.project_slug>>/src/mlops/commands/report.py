"""`mlops report`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.batch import MANIFEST, SUMMARY
from mlops.commands.common import open_platform

About = "A run's id, the start of one, `last`, a model such as `name:3`, or an output folder of `mlops score`."
What = Annotated[str, typer.Argument(help=About)]
To = Annotated[Path | None, typer.Option(help="The file to write, instead of .mlops/reports/RUN.html.")]


def report(what: What, to: To = None) -> None:
    """Write one HTML page about a run, a model or a batch; prints where it is."""
    import tempfile

    if Path(what, SUMMARY).is_file() or Path(what, MANIFEST).is_file():
        return batch(Path(what), to or Path(what, "ranked.html"))

    from mlops.evidence.report import facts, render

    project, platform = here = open_platform()
    run = facts.resolve(what, platform, here.signed[0])
    file = to or project / ".mlops" / "reports" / f"{run}.html"
    with tempfile.TemporaryDirectory() as scratch:
        render.write(facts.collect(run, platform, project, Path(scratch)), file)
    print(file)


def batch(folder: Path, to: Path) -> None:
    from mlops.batch import page

    here = open_platform()
    page.write(folder, here.settings, here.package.contract.ROW, to)
    print(to)
