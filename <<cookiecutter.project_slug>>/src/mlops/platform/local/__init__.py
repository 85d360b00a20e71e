"""The laptop: runs as processes, data and models as folders, all of it below the project's `.mlops/`."""

from functools import partial
from pathlib import Path

from mlops.errors import Misuse
from mlops.platform.base import Platform
from mlops.platform.local import keys
from mlops.platform.local.data import LocalData
from mlops.platform.local.endpoint import LocalEndpoint
from mlops.platform.local.jobs import LocalJobs
from mlops.platform.local.ledger import LocalLedger
from mlops.platform.local.models import LocalModels


def open(project: Path) -> Platform:
    """Raises Misuse when the project lies where no database of MLflow can."""
    project = project.resolve()
    if odd := set(str(project)) & set("%?#"):
        raise Misuse(f"the path {project} holds '{min(odd)}', which MLflow's database cannot. Move the project.")
    state = project / ".mlops"
    jobs, models, data, ledger = LocalJobs(project), LocalModels(state), LocalData(state), LocalLedger(state)
    return Platform(jobs, models, data, ledger, LocalEndpoint(project), partial(keys.signer, state), "local")
