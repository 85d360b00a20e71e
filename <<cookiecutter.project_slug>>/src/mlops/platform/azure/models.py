"""Models as assets: of the workspace where they are made, of the organisation's registry in every other environment."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from mlops import carried, digest, files, settings
from mlops.errors import Failure, Misuse
from mlops.evidence import statements
from mlops.platform import store
from mlops.platform.azure import images
from mlops.platform.azure.assets import Assets
from mlops.platform.azure.blobs import STORE, Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.base import Model

ARTIFACT, STATEMENT = f"{carried.ARTIFACT}/", "build.dsse.json"
DISCOVERY = "https://eastus.api.azureml.ms/registrymanagement/v1.0/registries/{}/discovery"
REGISTRY = "{primaryRegionResourceProviderUri}mferp/managementfrontend/subscriptions/{subscriptionId}/resourceGroups/"
REGISTRY += "{resourceGroup}/providers/Microsoft.MachineLearningServices/registries/{registryName}"
VERSION = "api-version=2021-10-01-dataplanepreview"
REMEDY = "Register the model again from its run."


class AzureModels:
    """An asset is the folder `mlops/models/DIGEST/`: `artifact/`, the build statement, and what MLflow loads it by.

    What is read on this machine is kept below `.mlops/fetched/`.
    """

    def __init__(self, azure: Azure, project: Path) -> None:
        self._azure, self._project, self._cache = azure, project, project / ".mlops" / "fetched"

    def register(
        self, name: str, artifact: Path, lineage: Mapping[str, Any], statement: bytes, mlflow: Path | None = None
    ) -> Model:
        """What MLflow needs holds a time: it is sent before there is a version, and never again."""
        from azure.ai.ml.entities import Model as Asset

        self._refuse_elsewhere("registered")
        store.refuse_unless_name(name, "a model")
        if not artifact.is_dir() or not any(artifact.iterdir()):
            raise Misuse(f"there is no model in {artifact}. Name the folder that the training step exported.")
        found = digest.of_folder(artifact)
        place, blobs = _place(found), self._blobs
        blobs.send(place + ARTIFACT, _sources(artifact))
        blobs.write(place + STATEMENT, statement, once=True)
        tags = {"digest": found, "project": self._settings.project.short_name}
        tags |= {name: lineage[name] for name in ("run", "image")}

        def put(number: str) -> Any:
            if mlflow:
                form = _sources(mlflow).items()
                blobs.send(place, {path: each for path, each in form if not path.startswith(ARTIFACT)})
            uri = f"azureml://datastores/{STORE}/paths/{place}"
            asset = Asset(name=name, version=number, path=uri, type="custom_model", tags=tags)
            return self._azure.ml.models.create_or_update(asset)

        return self._model(self._assets.add(name, found, put))

    def statement(self, reference: str) -> bytes:
        return self._statement(self._assets.get(reference))

    def get(self, reference: str) -> Model:
        return self._model(self._assets.get(reference))

    def list(self) -> tuple[Model, ...]:
        return tuple(map(self._model, self._assets.ours()))

    def content(self, reference: str) -> Path:
        return self._copied(self._assets.get(reference))

    def fetch(self, reference: str, to: Path) -> None:
        asset = self._assets.get(reference)
        if to.exists():
            raise Misuse("is there already. Name another place.", to)
        store.copy(self._copied(asset), to, f"{asset.name}:{asset.version}", asset.tags["digest"], REMEDY)

    def place(self, model: Model) -> str:
        """Where a job of the environment reads it: the artifact, or in the registry the asset with it."""
        if self._made_here:
            return f"azureml://datastores/{STORE}/paths/{_place(model.digest)}{ARTIFACT}"
        return f"azureml://registries/{self._azure.names.registry}/models/{model.name}/versions/{model.version}"

    def share(self, reference: str) -> Model:
        if self._settings.training.where == "prod":
            what = "models are made in prod, as `training.where` in mlops.yaml says, where the data may not leave it"
            raise Misuse(f"{what}: they are released there, and never shared.")
        self._refuse_elsewhere("shared")
        model, registry = self.get(reference), self._azure.registry
        shared = Assets(registry.models, self._azure.environment, "a model")
        own = self._settings.project.short_name
        for each in shared.all(model.name):
            if (other := each.tags.get("project", "somebody else")) != own:
                what = f"the name '{model.name}' is taken in the registry {self._azure.names.registry} by {other}"
                raise Misuse(f"{what}. Give `model.name` in mlops.yaml another one, and register again.")
        image = model.lineage["image"].rpartition(":")[2][:16]
        if not any(images.known(self._azure, registry, each.name, image) for each in images.recipes(self._project)):
            what = f"the image of {model.name}:{model.version} is not in the registry {self._azure.names.registry}"
            raise Misuse(f"{what}. Build it from the code of its run, then share again: mlops env build --on dev")
        put = partial(images.share, self._azure, self._azure.ml.models, model.name, str(model.version))
        return replace(model, version=int(shared.add(model.name, model.digest, put, model.version).version))

    @cached_property
    def _settings(self) -> settings.Settings:
        return settings.load(self._project / "mlops.yaml")

    @cached_property
    def _blobs(self) -> Blobs:
        return Blobs.of_workspace(self._azure)

    @property
    def _made_here(self) -> bool:
        return self._settings.training.where == self._azure.environment

    @cached_property
    def _assets(self) -> Assets:
        client = self._azure.ml if self._made_here else self._azure.registry
        return Assets(client.models, self._azure.environment, "a model", self._settings.project.short_name)

    def _refuse_elsewhere(self, done: str) -> None:
        if not self._made_here:
            where = self._settings.training.where
            raise Misuse(f"models are {done} on {where}, as `training.where` in mlops.yaml says. Use --on {where}.")

    def _at(self, asset: Any) -> tuple[Blobs, str]:
        """The container that an asset lies in, and where in it. A registry gives out its address for a while."""
        if self._made_here:
            return self._blobs, _place(asset.tags["digest"])
        registry = self._azure.names.registry
        about = self._azure.ask("GET", DISCOVERY.format(registry))
        known = {"assetId": f"azureml://registries/{registry}/models/{asset.name}/versions/{asset.version}"}
        place = f"{REGISTRY.format(**about)}/datarefs/{asset.name}/versions/{asset.version}?{VERSION}"
        given = self._azure.ask("POST", place, known | {"blobUri": asset.path})["blobReferenceForConsumption"]
        container = Blobs.given(given["credential"]["sasUri"], self._azure.environment)
        return container, asset.path.split("/", 4)[4].rstrip("/") + "/"

    def _copied(self, asset: Any) -> Path:
        (blobs, place), found = self._at(asset), asset.tags["digest"]
        return blobs.copy(place + ARTIFACT, self._cache / found, f"{asset.name}:{asset.version}", found, REMEDY)

    def _statement(self, asset: Any) -> bytes:
        """It never changes, so that one copy on this machine is enough."""
        file = self._cache / f"{asset.tags['digest']}.dsse.json"
        if not file.exists():
            blobs, place = self._at(asset)
            if (content := blobs.read(place + STATEMENT)) is None:
                what = f"the build statement of {asset.name}:{asset.version} is missing in {self._azure.environment}"
                raise Failure(f"{what}. {REMEDY}")
            with files.replacing(file) as draft:
                draft.write_bytes(content)
        return file.read_bytes()

    def _model(self, asset: Any) -> Model:
        says = statements.claimed(self._statement(asset), f"the build statement of {asset.name}:{asset.version}")
        return Model(asset.name, int(asset.version), asset.tags["digest"], says)


def _place(found: str) -> str:
    return f"mlops/models/{found}/"


def _sources(folder: Path) -> dict[str, tuple[Path, str]]:
    return {name: (folder / name, sha) for name, sha in digest.of_files(folder).items()}
