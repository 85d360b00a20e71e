"""A project with an endpoint in the emulated Azure: models whose bytes lie in the workspace, an image, callers."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops import carried, digest
from mlops.connections import Connections
from mlops.platform.azure import endpoint as adapter
from mlops.platform.azure.client import Azure
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.endpoint import Deployment
from mlops.specs.load import read
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.ids import Id
from tests.emulator.rules.assets import located
from tests.emulator.world import GROUP, IDENTITY, REGISTRY, STORAGE, WORKSPACE
from tests.mlops.release.making import SPEC_FILE, built
from tests.mlops.release.shops import BODY
from tests.support.project import Project

IMAGE = "context:sha256:" + "5" * 64
LOG = f"{STORAGE}/blobServices/default/containers/inference-log"
PATHS = "azureml://datastores/workspaceblobstore/paths"
GOES = "/batchendpoints", *(f"/{kind}/versions" for kind in ("models", "environments", "components"))


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    """CI after a merge. The network is there, and so are the roles of the endpoint's identity."""
    cloud.arm.clock.advance(minutes=60)
    identity = cloud.arm.store.documents[IDENTITY]["properties"]["principalId"]
    for role, scope in (
        ("Storage Blob Data Reader", STORAGE),
        ("AcrPull", REGISTRY),
        ("Reader", f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/mlr-agency"),
        ("Storage Blob Data Contributor", LOG),
    ):
        cloud.arm.assign(identity, role, scope)
    made = cloud.directory.add("ci of dev")
    for role in ("Contributor", "Storage Blob Data Contributor"):
        cloud.arm.assign(made.id, role, GROUP)
    return made


def project(to: Path, reference: Path) -> Path:
    """The shop with the endpoints of the reference project."""
    built(to, reference)
    for folder in ("azureml", "requirements"):
        shutil.copytree(reference / folder, to / folder, dirs_exist_ok=True)
    return to


@dataclass
class Online:
    """What a release does to the endpoint, and what its callers do."""

    cloud: Cloud
    azure: Azure
    path: Path

    @property
    def id(self) -> str:
        return f"{WORKSPACE}/onlineEndpoints/{self.endpoint.name}"

    @property
    def endpoint(self) -> AzureEndpoint:
        """A new one each time, as each command has."""
        return AzureEndpoint(self.azure, self.path, AzureLedger(self.azure))

    def version(self, **facts: Any) -> Deployment:
        """A model that does as `shop/predict.py` says, registered with its bytes, as it is to be deployed."""
        number = len(self.cloud.arm.below(f"{WORKSPACE}/models/shop")) + 1
        artifact = self.path / "artifacts" / str(number)
        artifact.mkdir(parents=True)
        (artifact / "model.json").write_text(json.dumps({"salt": number, **facts}))
        carried.put(self.path / "src" / "shop", artifact)
        self.bring(artifact, str(number))
        name = f"m{digest.of_folder(artifact)[:12]}"
        return Deployment(name, f"shop:{number}", IMAGE, self.path / SPEC_FILE)

    def bring(self, artifact: Path, number: str) -> None:
        """Keep an artifact as a version of the workspace."""
        uri = f"{PATHS}/models/{number}"
        account, container, path = located(uri, self.cloud.arm, WORKSPACE)
        for file in filter(Path.is_file, artifact.rglob("*")):
            name = f"{path}/artifact/{file.relative_to(artifact)}"
            self.cloud.blobs.write(account, container, name, file.read_bytes())
        self.cloud.arm.put(OWNER, f"{WORKSPACE}/models/shop/versions/{number}", {"properties": {"modelUri": uri}})

    def build(self, image: str = IMAGE) -> None:
        """The environment of an image that is named by its context."""
        name = read(self.path / "azureml" / "environments" / "serve.yml").plain()["name"]
        place = f"{WORKSPACE}/environments/{name}/versions/{image.rpartition(':')[2][:16]}"
        self.cloud.arm.put(OWNER, place, {"properties": {"image": f"crlend.azurecr.io/serve@sha256:{'0' * 64}"}})

    def ask(self, times: int = 1, deployment: str = "", body: bytes = BODY, id: str = "") -> list[tuple[int, str]]:
        """Status, and who answered, of requests one after another."""
        door = self.endpoint.door(deployment)
        headers = {name: text for name, text in {**door.headers, "x-ms-client-request-id": id}.items() if text}

        async def asked() -> list[tuple[int, str]]:
            with closing(Connections(door.url, headers)) as connections:
                answers = [await connections.post(body) for _ in range(times)]
            return [(answer.status, answer.headers.get("azureml-model-deployment", "")) for answer in answers]

        return asyncio.run(asked())

    def forget(self) -> None:
        """The endpoint and what it left are gone, so that the next test has its own."""
        self.cloud.servers.close()
        if self.cloud.arm.find(self.id):
            self.cloud.arm.change_behind(self.id, "properties.traffic", {})
            self.cloud.arm.change_behind(self.id, "properties.mirrorTraffic", {})
            self.cloud.arm.delete(OWNER, self.id)
        for document in reversed(self.cloud.arm.below(WORKSPACE)):
            if Id(document["id"]).kind.endswith(GOES):
                self.cloud.arm.delete(OWNER, document["id"])
        self.cloud.lines.clear()
        self.cloud.blobs.forget()

    def calls(self, since: int = 0) -> list[tuple[str, str]]:
        """Method and route of what was asked of Azure, except for tokens and the progress of long work."""
        routes = self.cloud.calls(since)
        return [(it.method, it.route) for it in routes if "/operations/" not in it.route and "oauth2" not in it.route]


@pytest.fixture
def online(
    cloud: Cloud, azure: Azure, reference: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Online]:
    monkeypatch.setattr(adapter, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(adapter, "FOLLOW_SECONDS", 0.0)
    online = Online(cloud, azure, project(tmp_path / "project", reference.path))
    online.build()
    yield online
    online.forget()
