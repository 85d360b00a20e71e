"""The `mlops` command: one command per thing a person does. Heavy imports wait until a command needs them."""

import sys
import traceback
from importlib import import_module

import typer

from mlops.errors import Failure, exits

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__.split(".")[0]
)
for name in ("run", "explain", "lint", "report", "score", "serve", "stop"):
    app.command()(getattr(import_module(f"mlops.commands.{name}"), name))
for name in ("data", "models", "runs", "outcomes", "release", "schedule", "env", "ci"):
    app.add_typer(import_module(f"mlops.commands.{name}").app, name=name)


def main() -> None:
    """Run a command; whatever goes wrong is an exit status and a sentence on standard error.

    Only what nobody foresaw leaves a traceback.
    """
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        with exits():
            app(prog_name="mlops")
    except Exception:
        traceback.print_exc()
        sys.exit(Failure.status)
