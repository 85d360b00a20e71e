"""`mlops lint`."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import AsJson, Environment, open_platform
from mlops.errors import Misuse
from mlops.words import counted


def lint(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders; else mlops.yaml and azureml/.")] = None,
    on: Annotated[Environment, typer.Option("--on", help="Where the specs are to run.")] = "local",
    expiring: Annotated[str, typer.Option(metavar="DAYS", help="Find what ends soon too, such as 30d.")] = "0d",
    as_json: AsJson = False,
) -> None:
    """Find every mistake in mlops.yaml, responsible_ai/ and the Azure ML files."""
    from mlops.specs.lint.check import lint
    from mlops.specs.lint.settings import ALONE
    from mlops.specs.load import Malformed

    days, today = expiring.removesuffix("d"), date.today()
    if not days.isdecimal():
        raise Misuse(f"`--expiring {expiring}`: write a number of days, such as 30d.")
    project, platform = here = open_platform()
    stored = platform.data.resolve if on == "local" else None
    files = paths or [project / "mlops.yaml", project / "azureml"]
    count, mistakes = lint(files, project, on, stored, today)
    said = f"{counted(len(mistakes), 'mistake') if mistakes else 'no mistakes'} in {counted(count, 'file')}"
    if int(days):
        until, known = today + timedelta(int(days)), {(each.file, each.line) for each in mistakes}
        ending = [each for each in lint(files, project, on, stored, until)[1] if (each.file, each.line) not in known]
        mistakes, said = mistakes + ending, f"{said}; ending before {until}: {len(ending) or 'nothing'}"
    if as_json:
        print(json.dumps([{"file": str(each.file), "line": each.line, "what": each.what} for each in mistakes]))
    else:
        for mistake in mistakes:
            print(str(mistake).replace(f"{Path.cwd()}/", ""))
        print(said)
    if not mistakes and (person := here.settings.people.alone):
        print(f"For prod: {ALONE.format(person)}", file=sys.stderr)
    if mistakes:
        raise typer.Exit(2 if any(isinstance(each, Malformed) for each in mistakes) else 1)
