"""What commands have in common: options, and the project that they are typed in."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from mlops.errors import Misuse
from mlops.platform.base import Model, Platform

if TYPE_CHECKING:
    from mlops.evidence.statements import Statement
    from mlops.settings import Settings
    from mlops.specs.types import Job
    from mlops.steps.package import Package

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Environment = Literal["local", "dev", "staging", "prod"]
On = Annotated[
    Environment, typer.Option("--on", is_eager=True, help="Where: this machine, or an environment in Azure ML.")
]
For = Annotated[Environment | None, typer.Option("--for", help="The environment that is meant, if not that of --on.")]
Run = Annotated[str, typer.Argument(help="A run's id, the start of one, or `last`.")]
Ref = Annotated[str, typer.Argument(help="`name:3`, `name@DIGEST12`, or `name` for the latest.")]
Card = Annotated[Path | None, typer.Option("--to", help="The file to write, once as .md and once as .html.")]


def named(context: typer.Context, reference: str | None) -> str | None:
    """What `this-change` means where the command acts (`--on` is read first); any other reference as it is."""
    from mlops.ci.change import THIS_CHANGE, this_change

    if reference != THIS_CHANGE:
        return reference
    here = open_platform(context.params.get("on", "local"))
    return this_change(here.platform, here.signed[0])


ModelRef = Annotated[
    str,
    typer.Argument(
        help="`name:3`, `name@DIGEST12`, `name` for the latest, or in CI `this-change`: what its run registered.",
        callback=named,
    ),
]


def group(about: str) -> typer.Typer:
    """Commands about one thing."""
    return typer.Typer(no_args_is_help=True, help=about)


class Opened(NamedTuple):
    """The folder of the project that the current folder lies in, where its jobs run, and what they say."""

    project: Path
    platform: Platform

    @property
    def settings(self) -> "Settings":
        from mlops import settings

        return settings.load(self.project / "mlops.yaml")

    @property
    def package(self) -> "Package":
        from mlops.steps.package import package

        return package(self.settings)

    @property
    def signed(self) -> tuple[list["Statement"], list[str]]:
        """The entries of the ledger, and a sentence for each that cannot be believed."""
        from mlops.evidence import entries

        return entries.read(self.platform, self.settings)

    def bound(
        self, file: Path, sets: Mapping[str, str], inputs: Mapping[str, Path], champion: Model | None = None
    ) -> "Job":
        """A job as it runs here: with the model in service, or another `champion`, where a node takes one.

        What it reads as `environment` in Azure ML is the environment.
        """
        from mlops.evidence import verify
        from mlops.specs.bind import bind
        from mlops.specs.load import read

        project, platform = self
        if (remote := platform.on != "local") and "environment" in read(file).section("inputs"):
            sets = {"environment": platform.on, **sets}
        place = None
        if served := champion or verify.champion(platform.on, platform, self.signed[0]):
            reference = f"{served.name}:{served.version}"
            place = Path(f"azureml:{reference}") if remote else platform.models.content(reference)
        return bind(
            file,
            overrides=sets,
            inputs=inputs,
            project=project,
            mapped=self.settings.mapped(project),
            stored=platform.data.resolve,
            champion=place,
            remote=remote,
        )


def meant(on: Environment, wanted: Environment | None) -> Environment:
    """The environment that is meant with --for, which is the one of --on where nothing is said."""
    if wanted == "local" != on:
        raise Misuse(f"`--for local` means what is on this machine. Leave --on {on} out, or name another environment.")
    return wanted or on


def open_platform(on: Environment = "local") -> Opened:
    from mlops import platform, settings

    project = settings.find(Path.cwd()).parent
    return Opened(project, platform.open(on, project))
