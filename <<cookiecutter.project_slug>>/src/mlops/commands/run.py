"""`mlops run`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.commands import models
from mlops.commands.common import AsJson, open_platform
from mlops.words import pairs

Pairs = list[str] | None


def run(
    file: Annotated[Path, typer.Argument(help="An Azure ML job file.")],
    overrides: Annotated[Pairs, typer.Option("--set", metavar="NAME=VALUE", help="Change an input of the job.")] = None,
    inputs: Annotated[Pairs, typer.Option("--input", metavar="NAME=PATH", help="Use this file or folder.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Reuse nothing from earlier runs.")] = False,
    register: Annotated[bool, typer.Option("--register", help="Register the model when every gate passes.")] = False,
    reason: Annotated[str, typer.Option("-m", "--message", help="Why you run it; kept with the run.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run an Azure ML job on this machine."""
    from mlops import show
    from mlops.commands import progress
    from mlops.evidence import verify
    from mlops.evidence.register import refuse_unless_trained
    from mlops.platform.base import Submission
    from mlops.specs.bind import bind

    show.console.stderr = as_json
    project, platform = here = open_platform()
    paths = {name: Path(path) for name, path in pairs("--input", inputs or ()).items()}
    known, sets, stored = here.settings, pairs("--set", overrides or ()), platform.data.resolve
    served = verify.champion("local", platform, here.signed[0])
    champion = platform.models.content(f"{served.name}:{served.version}") if served else None
    job = bind(
        file,
        overrides=sets,
        inputs=paths,
        project=project,
        mapped=known.mapped(project),
        stored=stored,
        champion=champion,
    )
    if register:
        refuse_unless_trained(job.outputs, str(file))
    run_id = platform.jobs.submit(Submission(job, fresh, reason, known.about))
    status = progress.follow(job, platform.jobs.follow(run_id), run_id)
    progress.choice(platform.jobs, run_id)
    progress.verdicts(platform.jobs, run_id)
    if as_json:
        show.record(platform.jobs.describe(run_id))
    if status:
        raise typer.Exit(status)
    if register:
        models.register(run_id)
