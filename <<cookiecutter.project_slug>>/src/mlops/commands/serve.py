"""`mlops serve`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import ModelRef, open_platform


def serve(model: ModelRef, port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8000) -> None:
    """Answer requests with a registered model on this machine, until Ctrl-C."""
    import os
    import sys

    import mlops
    from mlops.outcomes import ids

    project, platform = open_platform()
    found, state = platform.models.get(model), project / ".mlops"
    ids.of_project(state)
    exact = f"{found.name}:{found.version}"
    said = {
        "model": platform.models.content(exact),
        "deployment": f"m{found.digest[:12]}",
        "version": exact,
        "port": port,
        "spool": state / "serving",
    }
    os.environ |= {
        "MLOPS_LOG_KEY_FILE": str(state / ids.FILE),
        "PYTHONPATH": str(Path(mlops.__path__[0]).parent),
    }
    words = (f"--{name}={value}" for name, value in said.items())
    os.execv(sys.executable, [sys.executable, "-m", "mlops.serving", *words])
