"""The registry of models: one folder per version, named by an integer, identified by its digest."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform.base import Model
from mlops.platform.local.versions import Versions


class LocalModels(Versions[Model]):
    """Models in `.mlops/models/NAME/VERSION/`: the `artifact/` folder and `model.json`."""

    def __init__(self, state: Path) -> None:
        again = "register the model again from its run"
        super().__init__(state / "models", Model, "model.json", "a model", "Registered", again)

    def register(self, name: str, artifact: Path, lineage: Mapping[str, Any]) -> Model:
        if not artifact.is_dir() or not any(artifact.iterdir()):
            raise Misuse(f"there is no model in {artifact}. Name the folder that the training step exported.")
        with self._changing(name):
            found = digest.of_folder(artifact)
            same = next((model for model in self._of(name) if model.digest == found), None)
            if same and digest.of_folder(self._place(same) / "artifact") == found:
                return same
            model = same or Model(name, self._next(name), found, dict(lineage))
            with files.replacing(self._place(model)) as draft:
                shutil.copytree(artifact, draft / "artifact")
                files.write_json(draft / "model.json", model)
            return model

    def fetch(self, reference: str, to: Path) -> None:
        model = self.get(reference)
        with files.replacing(to) as draft:
            if (stored := self._place(model) / "artifact").is_dir():
                shutil.copytree(stored, draft)
            if digest.of_folder(draft) != model.digest:
                what = f"the stored files of {model.name}:{model.version} no longer have its digest"
                raise Failure(f"{what} {model.digest[:12]}: they were changed. Register the model again from its run.")
