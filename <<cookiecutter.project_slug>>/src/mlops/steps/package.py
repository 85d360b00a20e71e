"""The model package that `mlops.yaml` names, as the machinery uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mlops.errors import Misuse, MlopsError
from mlops.files import read_json
from mlops.settings import Settings

MODULES = ("contract", "prepare", "features", "train", "evaluate", "predict")


@dataclass(frozen=True)
class Package:
    """The package's name; its modules are imported when they are first asked for."""

    name: str

    def __getattr__(self, module: str) -> ModuleType:
        if module not in MODULES:
            raise AttributeError(module)
        try:
            return import_module(f"{self.name}.{module}")
        except ModuleNotFoundError as error:
            if error.name in (self.name, f"{self.name}.{module}"):
                what = f"src/{self.name}/{module}.py is missing; `model.package` in mlops.yaml names the package."
                raise Misuse(what) from None
            raise


@dataclass(frozen=True)
class Recipe:
    """The part of `mlops.yaml` that a trained model depends on: another limit or another owner trains nothing again."""

    package: str
    test_share: float

    @property
    def model(self) -> Package:
        return Package(self.package)


def recipe(path: Path) -> Recipe:
    """The recipe that the step validate wrote."""
    return Recipe(**read_json(path))


@contextmanager
def speaking(module: str, raises: type[MlopsError]) -> Iterator[None]:
    """A ValueError in here is a sentence of the model package, and becomes one of ours."""
    try:
        yield
    except ValueError as error:
        raise raises(f"{module}: {error}") from error


def package(settings: Settings) -> Package:
    return Package(settings.model.package)
