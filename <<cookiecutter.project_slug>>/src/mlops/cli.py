"""The `mlops` command: one command per thing a person does. Heavy imports wait until a command needs them."""

import sys
import traceback

import typer

from mlops.commands import data, env, explain, lint, models, outcomes, release, report, run, runs, score, serve, stop
from mlops.errors import Failure, MlopsError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__.split(".")[0]
)
for command in (run.run, explain.explain, lint.lint, report.report, score.score, serve.serve, stop.stop):
    app.command()(command)
for group in (data, models, runs, outcomes, release, env):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """Run a command; whatever goes wrong is an exit status and a sentence on standard error.

    Only what nobody foresaw leaves a traceback.
    """
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app(prog_name="mlops")
    except MlopsError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        sys.exit(Failure.status)
