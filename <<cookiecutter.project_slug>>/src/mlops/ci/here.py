"""In which run of which CI system this process is, as the system's own variables say.

GitHub: docs.github.com, "Default environment variables". Azure DevOps: learn.microsoft.com, "Use predefined variables".
Every attempt of a run has the run's id.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from urllib.parse import quote

from mlops.errors import Misuse

NAMES = {"github-actions": "github", "azure-devops": "azure_devops"}


def current() -> dict[str, str] | None:
    """System, id and address of the run; None outside CI."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        run, at = variable("GITHUB_RUN_ID"), f"{variable('GITHUB_SERVER_URL')}/{variable('GITHUB_REPOSITORY')}"
        return {"system": "github-actions", "run": run, "url": f"{at}/actions/runs/{run}"}
    if os.environ.get("TF_BUILD", "").lower() == "true":
        run, at = (
            variable("BUILD_BUILDID"),
            f"{variable('SYSTEM_COLLECTIONURI')}{quote(variable('SYSTEM_TEAMPROJECT'))}",
        )
        return {"system": "azure-devops", "run": run, "url": f"{at}/_build/results?buildId={run}"}
    return None


def needed() -> dict[str, str]:
    """The run. Raises Misuse outside CI."""
    if not (run := current()):
        raise Misuse("this is no run of CI: only there is known what is asked for.")
    return run


def system() -> ModuleType:
    """What talks to the CI system: `mlops.ci.github`, or `azure_devops` with the same functions."""
    return import_module(f"mlops.ci.{NAMES[needed()['system']]}")


def same(one: Mapping[str, str] | None, other: Mapping[str, str]) -> bool:
    """Whether both are attempts of one run."""
    return bool(one) and all(one[name] == other[name] for name in ("system", "run"))


def variable(name: str, remedy: str = "CI sets it itself: run this in a job.") -> str:
    """One that has to be set. Raises Misuse."""
    if not (found := os.environ.get(name)):
        raise Misuse(f"the variable {name} is not set. {remedy}")
    return found
