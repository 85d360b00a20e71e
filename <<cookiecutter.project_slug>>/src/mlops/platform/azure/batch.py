"""Who scores tables in Azure ML: a deployment of the batch endpoint for each version, of which one is the default."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from mlops.platform.azure import official
from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said
from mlops.platform.endpoint import Deployment

FOLDER = Path("azureml", "endpoints")
ENDPOINT, DEPLOYMENT = FOLDER / "batch.yml", FOLDER / "batch-deployment.yml"
PATIENCE_SECONDS = 3600.0
VERSION = "2023-10-01"


def switch(azure: Azure, project: Path, name: str, deployment: Deployment, model: str) -> None:
    """Let a version be the default of the endpoint of that name. What is there already is not made again.

    `model` is the asset, as a job names it.
    """
    from azure.ai.ml import Input, load_batch_endpoint
    from azure.ai.ml.entities._load_functions import load_pipeline_component_batch_deployment as load_batch_deployment

    place = f"{azure.names.workspace_id}/batchEndpoints"
    listed = azure.ask("GET", f"{place}?api-version={VERSION}")["value"]
    there = next((each for each in listed if each["name"].lower() == name), None)
    if there and (there["properties"].get("defaults") or {}).get("deploymentName") == deployment.name:
        return
    with said(azure.environment), redirect_stdout(sys.stderr):
        ml = azure.ml
        if there is None:
            new = load_batch_endpoint(project / ENDPOINT, params_override=[{"name": name}])
            ml.batch_endpoints.begin_create_or_update(new).result(PATIENCE_SECONDS)
        listed = azure.ask("GET", f"{place}/{name}/deployments?api-version={VERSION}")["value"]
        if not any(each["name"] == deployment.name for each in listed):
            named = {"name": deployment.name, "endpoint_name": name, "tags": {"mlops.model": deployment.model}}
            made: Any = load_batch_deployment(project / DEPLOYMENT, params_override=[named])
            made.component.version = deployment.name
            made.component.jobs["served"].inputs.champion = Input(type="custom_model", path=model)
            official.bind_images(azure, project, made)
            ml.batch_deployments.begin_create_or_update(made).result(PATIENCE_SECONDS)
        endpoint = ml.batch_endpoints.get(name)
        endpoint.defaults = {"deployment_name": deployment.name}
        ml.batch_endpoints.begin_create_or_update(endpoint).result(PATIENCE_SECONDS)
