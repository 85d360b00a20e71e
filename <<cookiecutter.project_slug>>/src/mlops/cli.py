"""The `mlops` command: one command per thing a person does. Heavy imports wait until a command needs them."""

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlops.errors import Failure, Misuse, MlopsError

if TYPE_CHECKING:
    from mlops.platform.base import Platform

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__.split(".")[0]
)
models = typer.Typer(no_args_is_help=True, help="Register, list and show models.")
app.add_typer(models, name="models")

Pairs = list[str] | None
Paths = list[Path] | None
Environment = Literal["local", "dev", "staging", "prod"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


@app.command()
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
    from mlops import settings, show
    from mlops.platform.base import Submission
    from mlops.specs.bind import bind

    show.console.stderr = as_json
    project, platform = open_platform()
    paths = {name: Path(path) for name, path in pairs("--input", inputs).items()}
    mapped = settings.load(project / "mlops.yaml").mapped(project)
    job = bind(file, overrides=pairs("--set", overrides), inputs=paths, project=project, mapped=mapped)
    run_id = platform.jobs.submit(Submission(job, fresh=fresh, reason=reason))
    status = show.follow(job, platform.jobs.follow(run_id), run_id)
    show.choice(platform.jobs, run_id)
    show.verdicts(platform.jobs, run_id)
    if as_json:
        show.record(platform.jobs.describe(run_id))
    if status:
        raise typer.Exit(status)
    if register:
        register_model(run_id)


@app.command()
def lint(
    paths: Annotated[Paths, typer.Argument(help="Files and folders; else mlops.yaml and azureml/.")] = None,
    on: Annotated[Environment, typer.Option("--on", help="Where the specs are to run.")] = "local",
    as_json: AsJson = False,
) -> None:
    """Find every mistake in mlops.yaml and the Azure ML files."""
    from mlops import settings
    from mlops.specs.lint.check import lint

    project = settings.find(Path.cwd()).parent
    count, mistakes = lint(paths or [project / "mlops.yaml", project / "azureml"], project, on)
    if as_json:
        print(json.dumps([{"file": str(each.file), "line": each.line, "what": each.what} for each in mistakes]))
    else:
        for mistake in mistakes:
            print(str(mistake).replace(f"{Path.cwd()}/", ""))
        print(f"{len(mistakes) or 'no'} mistake{'' if len(mistakes) == 1 else 's'} in {count} files")
    if mistakes:
        raise typer.Exit(2 if any(each.malformed for each in mistakes) else 1)


@models.command("register")
def register_model(run: Annotated[str, typer.Argument(help="A run's id, the start of one, or `last`.")]) -> None:
    """Register the model that a run trained, if every verdict on it stands."""
    from mlops import settings, show
    from mlops.evidence.register import register

    project, platform = open_platform()
    name = settings.load(project / "mlops.yaml").model.name
    show.registered(register(platform.jobs.find(run), name, platform.jobs, platform.models))


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """The registered models, newest last."""
    from mlops import show

    show.models(open_platform()[1].models.list(), as_json)


@models.command("show")
def show_model(
    ref: Annotated[str, typer.Argument(help="`name:3` or `name@DIGEST12`.")], as_json: AsJson = False
) -> None:
    """Where a model comes from and what was measured."""
    from mlops import show

    show.model(open_platform()[1].models.get(ref), as_json)


def open_platform() -> tuple[Path, "Platform"]:
    """The folder of the project that the current folder lies in, and where its jobs run."""
    from mlops import platform, settings

    project = settings.find(Path.cwd()).parent
    return project, platform.open("local", project)


def pairs(option: str, items: Pairs) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping. Raises Misuse for a text that is not of that form."""
    found = {}
    for item in items or ():
        name, equals, value = item.partition("=")
        if not equals:
            raise Misuse(f"{option} {item}: write it as NAME=VALUE.")
        found[name] = value
    return found


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
