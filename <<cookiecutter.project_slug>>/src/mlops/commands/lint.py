"""`mlops lint`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import AsJson, Environment, open_platform
from mlops.words import counted

Paths = list[Path] | None


def lint(
    paths: Annotated[Paths, typer.Argument(help="Files and folders; else mlops.yaml and azureml/.")] = None,
    on: Annotated[Environment, typer.Option("--on", help="Where the specs are to run.")] = "local",
    as_json: AsJson = False,
) -> None:
    """Find every mistake in mlops.yaml and the Azure ML files."""
    from mlops.specs.lint.check import lint

    project, platform = open_platform()
    stored = platform.data.resolve if on == "local" else None
    count, mistakes = lint(paths or [project / "mlops.yaml", project / "azureml"], project, on, stored)
    if as_json:
        print(json.dumps([{"file": str(each.file), "line": each.line, "what": each.what} for each in mistakes]))
    else:
        for mistake in mistakes:
            print(str(mistake).replace(f"{Path.cwd()}/", ""))
        print(f"{counted(len(mistakes), 'mistake') if mistakes else 'no mistakes'} in {counted(count, 'file')}")
    if mistakes:
        raise typer.Exit(2 if any(each.malformed for each in mistakes) else 1)
