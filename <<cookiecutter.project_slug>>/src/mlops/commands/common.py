"""What commands have in common: options, and the project that they are typed in."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mlops.platform.base import Platform

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Environment = Literal["local", "dev", "staging", "prod"]
Run = Annotated[str, typer.Argument(help="A run's id, the start of one, or `last`.")]
Ref = Annotated[str, typer.Argument(help="`name:3`, `name@DIGEST12`, or `name` for the latest.")]
Card = Annotated[Path | None, typer.Option("--to", help="The file to write, once as .md and once as .html.")]


def group(about: str) -> typer.Typer:
    """Commands about one thing."""
    return typer.Typer(no_args_is_help=True, help=about)


def open_platform() -> tuple[Path, Platform]:
    """The folder of the project that the current folder lies in, and where its jobs run."""
    from mlops import platform, settings

    project = settings.find(Path.cwd()).parent
    return project, platform.open("local", project)


def read_signed(project: Path, platform: Platform) -> tuple[list[Any], list[str]]:
    """The entries of the ledger, and a sentence for each that cannot be believed."""
    from mlops import settings
    from mlops.evidence import entries

    return entries.read(platform, settings.load(project / "mlops.yaml"))
