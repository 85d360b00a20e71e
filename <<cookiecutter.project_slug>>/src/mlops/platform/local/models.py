"""The registry of models: artifacts that are kept as data is, each with its lineage."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, Misuse
from mlops.platform.base import DataVersion, Model
from mlops.platform.local.data import STATEMENT, LocalData


class Artifacts(LocalData):
    """Models, kept as data is."""

    under, thing = "models", "a model"
    again, remedy = "register the model again from its run", "Register the model again from its run."


class LocalModels:
    """Models in `.mlops/models/NAME/VERSION/`: the artifact is the `content/` of a version, its statement beside it.

    As MLflow has them they are in `.mlops/mlflow/NAME/VERSION/`.
    """

    def __init__(self, state: Path) -> None:
        self._versions, self._mlflow = Artifacts(state), state / "mlflow"

    def register(
        self, name: str, artifact: Path, lineage: Mapping[str, Any], statement: bytes, mlflow: Path | None = None
    ) -> Model:
        if not artifact.is_dir() or not any(artifact.iterdir()):
            raise Misuse(f"there is no model in {artifact}. Name the folder that the training step exported.")
        version = self._versions.add(name, artifact, lineage)
        if not (file := self._statement(version.reference)).exists():
            with files.replacing(file) as draft:
                draft.write_bytes(statement)
        if mlflow and not (folder := self._mlflow / name / str(version.version)).exists():
            with files.replacing(folder) as draft:
                shutil.copytree(mlflow, draft)
        return _model(version)

    def get(self, reference: str) -> Model:
        return _model(self._versions.get(reference))

    def list(self) -> tuple[Model, ...]:
        return tuple(map(_model, self._versions.list()))

    def content(self, reference: str) -> Path:
        return self._versions.content(reference)

    def fetch(self, reference: str, to: Path) -> None:
        self._versions.fetch(reference, to)

    def share(self, reference: str) -> Model:
        raise Misuse(f"{reference} is on this machine, and the registry takes models of Azure ML. Use --on dev.")

    def statement(self, reference: str) -> bytes:
        if not (file := self._statement(reference)).exists():
            raise Failure(f"{file}, the build statement of {reference}, is missing. {Artifacts.remedy}")
        return file.read_bytes()

    def _statement(self, reference: str) -> Path:
        return self._versions.content(reference).parent / STATEMENT


def _model(version: DataVersion) -> Model:
    return Model(version.name, version.version, version.digest, version.about)
