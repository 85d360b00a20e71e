"""`mlops ci`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import On, group

app = group("What only a run of CI needs.")


@app.command()
def comment(only_print: Annotated[bool, typer.Option("--print", help="Print it, and say it nowhere.")] = False) -> None:
    """Say on the pull request, in one comment, what the commands of this run have found (MLOPS_FINDINGS)."""
    from mlops.ci import findings, here
    from mlops.ci.comment import MARKER, compose
    from mlops.ci.rest import Denied, patient
    from mlops.errors import Failure, Misuse, MlopsError

    url = (here.current() or {}).get("url", "")
    if only_print:
        return print(compose(findings.read(), url))
    system = here.system()
    fork = system.fork()
    text = compose(findings.read(), url, fork)
    try:
        print(f"The comment: {patient(system.publish, text, MARKER)}")
    except MlopsError as error:
        print(text)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as page:
                page.write(text)
        if fork and isinstance(error, Denied | Misuse):
            print("The change comes from a fork, for which a job only reads: so it stands here, and not there.")
        elif isinstance(error, Denied):
            raise Failure(f"{error} Does it have its right: {system.WANTS}?") from error
        else:
            raise


@app.command()
def approved(on: On = "prod") -> None:
    """Whether somebody who may has approved this run for an environment: its job's first step, which needs no login.

    `mlops release approve` signs for it, once the model is at hand.
    """
    from mlops import settings
    from mlops.ci import approval, here
    from mlops.show import console

    file, given = settings.find(Path.cwd()), here.system().approvals
    console.print(approval.approved(on, given, file.parent, settings.load(file)), soft_wrap=True, markup=False)
