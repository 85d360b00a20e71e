"""`mlops stop`."""

from typing import Annotated

import typer

from mlops.commands.common import On, open_platform


def stop(
    reason: Annotated[str, typer.Option("--reason", help="Why the project should end here.")], on: On = "local"
) -> None:
    """Say that the project should end here: nothing is released any more until its owner signs again."""
    from mlops.evidence import sign
    from mlops.show import console

    project, platform = here = open_platform(on)
    who = sign.stop(reason, platform, project, here.settings)
    console.print(f"{who} stopped the project: nothing is released until the owner signs again")
    console.print("What is in service goes on answering: callers leave it, or `mlops release down` ends it here")
