"""What commands have in common: options, and the project that they are typed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from mlops.platform.base import Platform

if TYPE_CHECKING:
    from mlops.evidence.statements import Statement
    from mlops.settings import Settings
    from mlops.steps.package import Package

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Environment = Literal["local", "dev", "staging", "prod"]
On = Annotated[Environment, typer.Option("--on", help="Where: this machine, or an environment in Azure ML.")]
Run = Annotated[str, typer.Argument(help="A run's id, the start of one, or `last`.")]
Ref = Annotated[str, typer.Argument(help="`name:3`, `name@DIGEST12`, or `name` for the latest.")]
Card = Annotated[Path | None, typer.Option("--to", help="The file to write, once as .md and once as .html.")]


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


def open_platform(on: Environment = "local") -> Opened:
    from mlops import platform, settings

    project = settings.find(Path.cwd()).parent
    return Opened(project, platform.open(on, project))
