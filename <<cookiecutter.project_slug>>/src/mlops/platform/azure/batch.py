"""Who scores tables in Azure ML: a deployment of the batch endpoint for each version, of which one is the default.

What is there already, and succeeded, is not made again. `model` is the asset, as a job names it.
"""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from mlops.errors import Failure
from mlops.platform.azure import official
from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said
from mlops.platform.endpoint import Deployment
from mlops.release.rules import MOST_DEPLOYMENTS

FOLDER = Path("azureml", "endpoints")
ENDPOINT, DEPLOYMENT = FOLDER / "batch.yml", FOLDER / "batch-deployment.yml"
PATIENCE_SECONDS = 3600.0
VERSION = "2023-10-01"


def prepare(azure: Azure, project: Path, name: str, deployment: Deployment, model: str) -> None:
    """Make the endpoint, and a version's deployment in it; the oldest one goes where there is no room."""
    there, place = _endpoint(azure, name), f"{_place(azure)}/{name}/deployments?api-version={VERSION}"
    listed = {it["name"]: it for it in azure.listed(place)} if there else {}
    if (own := listed.pop(deployment.name, None)) and own["properties"]["provisioningState"] == "Succeeded":
        return
    from azure.ai.ml import Input, load_batch_endpoint
    from azure.ai.ml.entities._load_functions import load_pipeline_component_batch_deployment as load_batch_deployment

    ml = azure.ml
    with said(azure.environment), redirect_stdout(sys.stderr):
        if there is None:
            new = load_batch_endpoint(project / ENDPOINT, params_override=[{"name": name}])
            ml.batch_endpoints.begin_create_or_update(new).result(PATIENCE_SECONDS)
        old = sorted(listed.values(), key=lambda it: (it["name"] == _default(there), it["systemData"]["createdAt"]))
        for each in old[: max(0, len(old) + 1 - MOST_DEPLOYMENTS)]:
            ml.batch_deployments.begin_delete(each["name"], name).result(PATIENCE_SECONDS)
        named = {"name": deployment.name, "endpoint_name": name, "tags": {"mlops.model": deployment.model}}
        made: Any = load_batch_deployment(project / DEPLOYMENT, params_override=[named])
        made.component.version = deployment.name
        made.component.jobs["served"].inputs.champion = Input(type="custom_model", path=model)
        official.bind_images(azure, project, made)
        ml.batch_deployments.begin_create_or_update(made).result(PATIENCE_SECONDS)


def switch(azure: Azure, project: Path, name: str, deployment: Deployment, model: str) -> None:
    """Let a version be the default. One that is, and has failed since, is made again; why not is only said."""
    there = _default(_endpoint(azure, name)) == deployment.name
    try:
        prepare(azure, project, name, deployment, model)
    except Failure as error:
        if not there:
            raise
        print(error, file=sys.stderr)
    if there:
        return
    with said(azure.environment), redirect_stdout(sys.stderr):
        endpoint = azure.ml.batch_endpoints.get(name)
        endpoint.defaults = {"deployment_name": deployment.name}
        azure.ml.batch_endpoints.begin_create_or_update(endpoint).result(PATIENCE_SECONDS)


def _endpoint(azure: Azure, name: str) -> Mapping[str, Any] | None:
    listed = azure.listed(f"{_place(azure)}?api-version={VERSION}")
    return next((each for each in listed if each["name"].lower() == name), None)


def _default(endpoint: Mapping[str, Any] | None) -> str | None:
    return ((endpoint or {}).get("properties", {}).get("defaults") or {}).get("deploymentName")


def _place(azure: Azure) -> str:
    return f"{azure.names.workspace_id}/batchEndpoints"
