"""Where things run. Each place is imported only when it is opened."""

from pathlib import Path

from mlops.errors import Misuse
from mlops.platform.base import Platform

IN_AZURE = ("dev", "staging", "prod")


def open(environment: str, project: Path) -> Platform:
    """The platform of an environment. Raises Misuse when there is no such environment, or no way to it from here."""
    if environment == "local":
        from mlops.platform import local

        return local.open(project)
    if environment not in IN_AZURE:
        raise Misuse(f"there is no environment '{environment}'. Use one of: local, {', '.join(IN_AZURE)}.")
    from mlops.platform import azure

    return azure.open(environment, project)
