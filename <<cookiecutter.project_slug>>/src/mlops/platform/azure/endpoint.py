"""Where callers ask in Azure ML: the project's online endpoint, its deployments, and their shares of the requests."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import settings
from mlops.errors import Failure
from mlops.platform.azure import batch
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.azure.official import BUILDS
from mlops.platform.azure.scale import scale, unscale
from mlops.platform.azure.sentences import AGAIN, said
from mlops.platform.endpoint import Bucket, Deployed, Deployment, Door, Edges, EndpointState, State, Unhealthy
from mlops.release import rules
from mlops.specs.lint.endpoints import OUTPUT
from mlops.specs.load import read

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from mlops.contract.types import Column

FILE = Path("azureml", "endpoints", "online.yml")
VERSION = "2023-10-01"
SCORING = "https://ml.azure.com"
"""Whom the token of a caller is made out to ("Authenticate clients for online endpoints", Microsoft Learn)."""
SETTING = "providers/Microsoft.Insights/diagnosticSettings/to-log-workspace?api-version=2021-05-01-preview"
PATIENCE_SECONDS, LOOK_SECONDS = 3600.0, 10.0
FOLLOW_SECONDS = 60.0
"""After which new shares are surely in force (assumed)."""
LAST_LINES = 12
MODEL, SINCE = "mlops.model", "mlops.since"
"""Tags: the model of a deployment as `name:version`, and when the shares of the endpoint came into force."""
STATES: Mapping[str, State] = {"Succeeded": "healthy", "Failed": "failed", "Canceled": "failed"}


class AzureEndpoint:
    """Each method may be interrupted anywhere and called again: what is done already is found, or done again alike."""

    def __init__(self, azure: Azure, project: Path, ledger: AzureLedger) -> None:
        self._azure, self._project, self._ledger = azure, project, ledger

    @cached_property
    def name(self) -> str:
        return self._named(FILE)

    @property
    def address(self) -> str | None:
        found = self._found()
        return found["properties"]["scoringUri"].removesuffix("/score") if found else None

    def state(self) -> EndpointState:
        if (found := self._found()) is None:
            return EndpointState()
        deployments = {each["name"]: _deployed(each) for each in self._list(f"{found['id']}/deployments")}
        shares = (found["properties"].get(key) or {} for key in ("traffic", "mirrorTraffic"))
        live, copied = ({name: share for name, share in each.items() if share} for each in shares)
        return EndpointState(deployments, live, copied, float((found.get("tags") or {}).get(SINCE, 0)))

    def deploy(self, deployment: Deployment) -> None:
        found, name, why = self.state(), deployment.name, ""
        rules.deployed(found, deployment, {name: it.model for name, it in found.deployments.items()})
        if not found.deployments:
            self._make()
        if name not in found.deployments or found.deployments[name].state == "failed":
            try:
                self._start(deployment)
            except Failure as error:
                if name not in self.state().deployments:
                    raise
                why = error.what.removesuffix(AGAIN).rstrip()
        late = time.monotonic() + PATIENCE_SECONDS
        while (now := self.state().deployments[name]).state == "starting":
            if time.monotonic() > late:
                raise Failure(f"{name} is still being started after an hour. Repeat the same command to wait longer.")
            time.sleep(LOOK_SECONDS)
        if now.state == "failed":
            last = f"The last lines of its log:\n{self.logs(name)}"
            raise Unhealthy(f"{name} did not become healthy: {why or now.why}\n{last}")

    def traffic(self, shares: Mapping[str, int], mirror: Mapping[str, int]) -> None:
        """Copies end before live shares change, and begin after that: Azure takes no deployment that has both."""
        now = self.state()
        wish = rules.shared(now, shares, mirror)
        if (now.traffic, now.mirror) == (wish.traffic, wish.mirror):
            return
        for name in (*wish.traffic, *wish.mirror):
            scale(self._azure, f"{self._id}/deployments/{name}", self._known)
        for live, copied in ((now.traffic, {}), (wish.traffic, {}), (wish.traffic, wish.mirror)):
            if (live, copied) != (now.traffic, now.mirror):
                self._share(live, copied)
                now = replace(now, traffic=live, mirror=copied)

    def observe(self, since: float, edges: Edges) -> tuple[Bucket, ...]:
        from mlops.platform.azure.observe import seen

        return seen(self._azure, self._project, self.name, since, edges, self._ledger)

    def add_outcomes(self, file: Path, label: "Column", now: datetime, late: datetime) -> Mapping[str, int]:
        from mlops.platform.azure import outcomes

        return outcomes.add(self._azure, file, label, now, late)

    def door(self, deployment: str) -> Door:
        with said(self._azure.environment):
            token = self._azure.credential.get_token(f"{SCORING}/.default").token
        headers = {"authorization": f"Bearer {token}", "azureml-model-deployment": deployment}
        return Door(f"{self.address}/score", headers)

    def logs(self, deployment: str) -> str:
        with self._acting() as ml:
            return ml.online_deployments.get_logs(deployment, self.name, lines=LAST_LINES).rstrip()

    def remove(self, deployment: str) -> None:
        rules.removed(self.state(), deployment)
        unscale(self._azure, f"{self._id}/deployments/{deployment}")
        with self._acting() as ml:
            ml.online_deployments.begin_delete(deployment, self.name).result(PATIENCE_SECONDS)

    def prepare(self, deployment: Deployment) -> None:
        batch.prepare(*self._batch(deployment))

    def switch(self, deployment: Deployment) -> None:
        batch.switch(*self._batch(deployment))

    def _batch(self, deployment: Deployment) -> tuple[Azure, Path, str, Deployment, str]:
        name = self._named(batch.ENDPOINT)
        return self._azure, self._project, name, deployment, self._model(deployment.model)

    def _named(self, file: Path) -> str:
        """The only one in its region; at most 32 characters where the file's name has at most 17."""
        salt = sha256(self._azure.names.workspace_id.lower().encode()).hexdigest()[:6]
        return f"{read(self._project / file).plain()['name']}-{self._azure.environment}-{salt}"

    @property
    def _id(self) -> str:
        return f"{self._azure.names.workspace_id}/onlineEndpoints/{self.name}"

    @cached_property
    def _known(self) -> settings.Settings:
        return settings.load(self._project / "mlops.yaml")

    def _found(self) -> Mapping[str, Any] | None:
        listed = self._list(f"{self._azure.names.workspace_id}/onlineEndpoints")
        return next((each for each in listed if each["name"].lower() == self.name), None)

    def _list(self, path: str) -> list[Mapping[str, Any]]:
        return list(self._azure.listed(f"{path}?api-version={VERSION}"))

    @contextmanager
    def _acting(self) -> "Iterator[MLClient]":
        """The client; the dots that it prints while it waits are not what a script reads."""
        with said(self._azure.environment), redirect_stdout(sys.stderr):
            yield self._azure.ml

    def _make(self) -> None:
        """The endpoint, which has nothing to lose yet, with its identity, and where its logs go."""
        from azure.ai.ml import load_online_endpoint

        names = self._azure.names
        identity = {"type": "user_assigned", "user_assigned_identities": [{"resource_id": names.endpoint_identity}]}
        with self._acting() as ml:
            own = [{"name": self.name, "identity": identity}]
            made = load_online_endpoint(self._project / FILE, params_override=own)
            ml.online_endpoints.begin_create_or_update(made).result(PATIENCE_SECONDS)
        logs = [{"categoryGroup": "allLogs", "enabled": True}]
        sent = {"properties": {"workspaceId": names.log_workspace, "logs": logs}}
        self._azure.ask("PUT", f"{self._id}/{SETTING}", sent)

    def _start(self, deployment: Deployment) -> None:
        from azure.ai.ml import load_online_deployment

        own = {
            "name": deployment.name,
            "endpoint_name": self.name,
            "model": self._model(deployment.model),
            "environment": self._asset("environments", self._image(deployment), BUILDS),
            "instance_count": self._known.environments.of(self._azure.environment).instances.least,
            "tags": {MODEL: deployment.model, "mlops.image": deployment.image},
        }
        with self._acting() as ml:
            made = load_online_deployment(deployment.spec, params_override=[own])
            given = made.environment_variables or {}
            filled = {name: OUTPUT.sub(lambda at: getattr(self._azure.names, at[1]), it) for name, it in given.items()}
            made.environment_variables = {name: text for name, text in filled.items() if text}
            print(f"{deployment.name} is being started, which takes some minutes", file=sys.stderr)
            ml.online_deployments.begin_create_or_update(made).result(PATIENCE_SECONDS)

    def _share(self, live: Mapping[str, int], copied: Mapping[str, int]) -> None:
        """The endpoint is written as a whole, so what else it is stays as it was read."""
        with self._acting() as ml:
            endpoint = ml.online_endpoints.get(self.name)
            endpoint.traffic, endpoint.mirror_traffic = dict(live), dict(copied)
            endpoint.tags = {**(endpoint.tags or {}), SINCE: f"{time.time() + FOLLOW_SECONDS:.3f}"}
            ml.online_endpoints.begin_create_or_update(endpoint).result(PATIENCE_SECONDS)

    def _image(self, deployment: Deployment) -> str:
        """The version of the environment that was built from the same files, as `name:version`."""
        said = read(deployment.spec).plain()["environment"]
        built = read(deployment.spec.parent / said.removeprefix("file:")).plain()["name"]
        return f"{built}:{deployment.image.rpartition(':')[2][:16]}"

    def _model(self, reference: str) -> str:
        return self._asset("models", reference, self._known.training.where)

    def _asset(self, kind: str, reference: str, where: str) -> str:
        """As a deployment names it: of the workspace where it is made, elsewhere of what the registry shares."""
        if self._azure.environment == where:
            return f"azureml:{reference}"
        name, _, version = reference.partition(":")
        return f"azureml://registries/{self._azure.names.registry}/{kind}/{name}/versions/{version}"


def _deployed(found: Mapping[str, Any]) -> Deployed:
    state = STATES.get(found["properties"]["provisioningState"], "starting")
    why = "Azure ML could not start it; `mlops release status` shows its log." if state == "failed" else ""
    return Deployed((found.get("tags") or {}).get(MODEL, ""), state, why)
