"""Where things run. Each place is imported only when it is opened."""

from importlib import import_module
from pathlib import Path

from mlops.errors import Misuse
from mlops.platform.base import Platform

PLACES = {"local": "mlops.platform.local"}


def open(environment: str, project: Path) -> Platform:
    """The platform of an environment. Raises Misuse when there is no such environment."""
    if environment not in PLACES:
        raise Misuse(f"'{environment}' is not to be reached from here yet. Use one of: {', '.join(PLACES)}.")
    return import_module(PLACES[environment]).open(project)
