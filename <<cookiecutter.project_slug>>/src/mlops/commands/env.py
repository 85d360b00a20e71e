"""`mlops env`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mlops.commands.common import group
from mlops.errors import Misuse

app = group("Bring the names of an environment here; build its images.")
InAzure = Literal["dev", "staging", "prod"]


@app.command()
def sync(environment: Annotated[InAzure, typer.Argument(help="An environment in Azure ML.")]) -> None:
    """Write the names of what an environment has, as its Pulumi stack gives them, to .mlops/env/."""
    from mlops import settings
    from mlops.platform.azure import names

    file = names.sync(settings.find(Path.cwd()).parent, environment)
    print(f"{file} (what CI reads in the variable {names.VARIABLE.format(environment.upper())})")


@app.command()
def build(on: Annotated[InAzure, typer.Option("--on", help="Where: dev builds.")]) -> None:
    """Build the image of each environment in azureml/environments/ that dev does not have yet, and share it."""
    from mlops import settings
    from mlops.platform import azure
    from mlops.platform.azure import images

    if on != "dev":
        raise Misuse(f"{on} never builds: it runs what dev built and shared. Build with: mlops env build --on dev")
    project = settings.find(Path.cwd()).parent
    for sentence in images.build(azure.reach(on, project), project):
        print(sentence)
