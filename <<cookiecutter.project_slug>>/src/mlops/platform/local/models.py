"""The registry of models: one folder per version, named by an integer, identified by its digest."""

import builtins
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform.base import Model
from mlops.platform.local.lock import Lock

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


class LocalModels:
    """Models in `.mlops/models/NAME/VERSION/`: the `artifact/` folder and `model.json`."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "models"

    def register(self, name: str, artifact: Path, lineage: Mapping[str, Any]) -> Model:
        if not NAME.fullmatch(name):
            raise Misuse(
                f"'{name}' cannot name a model. Use letters, digits, '-', '_' and '.', a letter or digit first."
            )
        if not artifact.is_dir() or not any(artifact.iterdir()):
            raise Misuse(f"there is no model in {artifact}. Name the folder that the training step exported.")
        lock = Lock(self._folder / name / "lock")
        lock.take(wait=True)
        try:
            known = self._versions(name)
            found = digest.of_folder(artifact)
            if same := next((model for model in known if model.digest == found), None):
                return same
            model = Model(name, 1 + max((model.version for model in known), default=0), found, dict(lineage))
            with files.replacing(self._place(model)) as draft:
                shutil.copytree(artifact, draft / "artifact")
                files.write_json(draft / "model.json", asdict(model))
            return model
        finally:
            lock.release()

    def get(self, reference: str) -> Model:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version."""
        name = re.split("[:@]", reference)[0]
        versions = self._versions(name) if NAME.fullmatch(name) else []
        if not versions:
            known = ", ".join(sorted({model.name for model in self.list()})) or "none yet"
            raise Misuse(f"no model is named '{name}'. Registered: {known}.")
        if reference == name:
            return versions[-1]
        which = reference.removeprefix(name)
        by_digest = [model for model in versions if len(which) > 8 and f"@{model.digest}".startswith(which)]
        found = by_digest or [model for model in versions if which == f":{model.version}"]
        if len(found) != 1:
            known = ", ".join(f"{model.name}:{model.version} ({name}@{model.digest[:12]})" for model in versions)
            raise Misuse(f"no version of '{name}' is '{reference}'. There are: {known}.")
        return found[0]

    def list(self) -> tuple[Model, ...]:
        names = sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []
        return tuple(model for name in names for model in self._versions(name))

    def fetch(self, reference: str, to: Path) -> None:
        model = self.get(reference)
        with files.replacing(to) as draft:
            shutil.copytree(self._place(model) / "artifact", draft)
            if digest.of_folder(draft) != model.digest:
                what = f"the stored files of {model.name}:{model.version} no longer have its digest"
                raise Failure(f"{what} {model.digest[:12]}: they were changed. Register the model again from its run.")

    def _place(self, model: Model) -> Path:
        return self._folder / model.name / str(model.version)

    def _versions(self, name: str) -> builtins.list[Model]:
        records = (self._folder / name).glob("*/model.json")
        return sorted((Model(**files.read_json(file)) for file in records), key=lambda model: model.version)
