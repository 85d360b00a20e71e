"""`mlops run`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.commands import models
from mlops.commands.common import AsJson, On, open_platform
from mlops.words import pairs

Pairs = list[str] | None


def run(
    file: Annotated[Path, typer.Argument(help="An Azure ML job file.")],
    on: On = "local",
    overrides: Annotated[Pairs, typer.Option("--set", metavar="NAME=VALUE", help="Change an input of the job.")] = None,
    inputs: Annotated[Pairs, typer.Option("--input", metavar="NAME=PATH", help="Use this file or folder.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Reuse nothing from earlier runs.")] = False,
    follow: Annotated[bool, typer.Option(help="With --on: stay until the job has ended.")] = True,
    register: Annotated[bool, typer.Option("--register", help="Register the model when every gate passes.")] = False,
    reason: Annotated[str, typer.Option("-m", "--message", help="Why you run it; kept with the run.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run an Azure ML job, on this machine or in an environment."""
    from mlops import show
    from mlops.ci import findings
    from mlops.commands import progress, runs
    from mlops.errors import Misuse
    from mlops.evidence.register import refuse_unless_trained
    from mlops.platform.base import Submission

    remote = on != "local"
    if not follow and (register or not remote):
        raise Misuse("`--no-follow` is for a job in Azure ML that goes on by itself: with --on, without --register.")
    show.console.stderr = as_json
    here = open_platform(on)
    platform = here.platform
    paths = {name: Path(path) for name, path in pairs("--input", inputs or ()).items()}
    job = here.bound(file, pairs("--set", overrides or ()), paths)
    if register:
        refuse_unless_trained(job.outputs, str(file))
    run_id = platform.jobs.submit(Submission(job, fresh, reason, here.settings.about))
    for sentence in () if remote else job.ignored:
        show.console.print(sentence, style="dim", markup=False, soft_wrap=True)
    status = 0
    if follow:
        status = progress.follow(job.name, len(job.nodes), platform.jobs.follow(run_id), run_id)
        progress.choice(platform.jobs, run_id)
        progress.verdicts(platform.jobs, run_id)
    else:
        show.console.print(
            f"run {run_id} goes on. Follow it with: mlops runs follow {run_id} --on {on}", soft_wrap=True
        )
    if follow and findings.wanted():
        [found] = runs.with_results(here, platform.jobs.describe(run_id))
        kept = {name: found[name] for name in ("run", "metrics", "rows", "verdicts", "remark")}
        findings.leave("run", kept | {"status": status})
    if as_json:
        show.record(platform.jobs.describe(run_id))
    if status:
        raise typer.Exit(status)
    if register:
        models.register(run_id, on)
