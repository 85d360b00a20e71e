"""The laptop: runs as processes, models as folders, all of it below the project's `.mlops/`."""

from pathlib import Path

from mlops.platform.base import Platform
from mlops.platform.local.jobs import LocalJobs
from mlops.platform.local.models import LocalModels


def open(project: Path) -> Platform:
    project = project.resolve()
    return Platform(LocalJobs(project), LocalModels(project / ".mlops"))
