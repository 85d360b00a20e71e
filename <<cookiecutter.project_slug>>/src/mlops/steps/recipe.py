"""The part of `mlops.yaml` that a trained model depends on: another limit or another owner trains nothing again."""

from dataclasses import dataclass
from pathlib import Path

from mlops.files import read_json, write_json
from mlops.settings import Settings
from mlops.steps.package import Package


@dataclass(frozen=True)
class Recipe:
    package: str
    test_share: float

    @property
    def model(self) -> Package:
        return Package(self.package)


def write(settings: Settings, to: Path) -> None:
    write_json(to, Recipe(settings.model.package, settings.training.test_share))


def read(path: Path) -> Recipe:
    return Recipe(**read_json(path))
