"""Azure ML: jobs, data, models and endpoints of one environment, through the official client."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path

from mlops.errors import Misuse
from mlops.platform.azure import names
from mlops.platform.azure.client import Azure
from mlops.platform.base import Platform


def reach(environment: str, project: Path) -> Azure:
    """The ways into an environment. Raises Misuse where its names, or the packages that reach it, are not here."""
    found = names.read(project, environment)
    if find_spec("azure") is None:
        raise Misuse("what reaches Azure is not installed here. Install it with: make setup-azure")
    file = names.place(project, environment)
    return Azure(found, environment, file.stat().st_mtime if file.is_file() else 0.0)


def open(environment: str, project: Path) -> Platform:
    """Raises Misuse where the environment cannot be reached from here."""
    from mlops.platform.azure import keys
    from mlops.platform.azure.data import AzureData
    from mlops.platform.azure.endpoint import AzureEndpoint
    from mlops.platform.azure.jobs import AzureJobs
    from mlops.platform.azure.ledger import AzureLedger
    from mlops.platform.azure.models import AzureModels

    azure = reach(environment, project)
    jobs, models, data = AzureJobs(azure, project), AzureModels(azure, project), AzureData(azure, project)
    ledger = AzureLedger(azure)
    endpoint, signer = AzureEndpoint(azure, project, ledger), partial(keys.signer, azure)
    return Platform(jobs, models, data, ledger, endpoint, signer, environment, azure.names.workspace)
