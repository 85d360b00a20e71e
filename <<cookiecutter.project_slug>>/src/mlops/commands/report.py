"""`mlops report`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.batch import MANIFEST, SUMMARY
from mlops.commands.common import On, named, open_platform
from mlops.errors import Misuse

About = "A run's id, the start of one, `last`, a model such as `name:3`, or an output folder of `mlops score`."
What = Annotated[str, typer.Argument(help=About, callback=named)]
To = Annotated[Path | None, typer.Option(help="The file to write, instead of .mlops/reports/RUN.html.")]


def report(what: What, to: To = None, on: On = "local") -> None:
    """Write one HTML page about a run, a model or a batch; prints where it is."""
    import tempfile

    from mlops.batch import page
    from mlops.evidence.report import facts, render

    project, platform = here = open_platform(on)
    if Path(what, SUMMARY).is_file() or Path(what, MANIFEST).is_file():
        file = to or Path(what, "ranked.html")
        page.write(Path(what), here.settings, here.package.contract.ROW, file)
        return print(file)
    run, made = facts.resolve(what, platform, here.signed[0]), here.settings.training.where
    if on not in ("local", made) and what != "last" and not run.startswith(what):
        raise Misuse(f"{what} was made on {made}, where its run is: mlops report {what} --on {made}")
    file = to or project / ".mlops" / "reports" / f"{run}.html"
    with tempfile.TemporaryDirectory() as scratch:
        if "ranked" in platform.jobs.describe(run)["outputs"]:
            platform.jobs.fetch(run, "ranked", Path(scratch, "ranked"))
            page.write(Path(scratch, "ranked"), here.settings, here.package.contract.ROW, file)
        else:
            render.write(facts.collect(run, platform, project, Path(scratch)), file)
    print(file)
