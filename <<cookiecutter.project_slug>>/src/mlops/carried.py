"""The model package inside a model's folder: whoever predicts with a model does so with the code that made it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.errors import Misuse

if TYPE_CHECKING:
    from mlops.platform.base import Models
    from mlops.steps.package import Package

CODE, ARTIFACT = "code", "artifact"
LACKING = "the model carries no package, so nobody knows how it predicts. Run its pipeline again and register that run."


def put(package: Path, model: Path) -> None:
    """Copy a package into a model's folder; the digest of that then names both."""
    shutil.copytree(package, model / CODE / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def artifact(folder: Path) -> Path:
    """A model's artifact: the folder, or the `artifact` somewhere in it, where Azure ML puts a registered one."""
    return next(filter(_name, sorted(folder.rglob(ARTIFACT))), folder)


def name(model: Path) -> str:
    """The package's name. Raises Misuse when there is none."""
    if found := _name(model):
        return found
    raise Misuse(LACKING)


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The name by which a model's package is imported in here, and remains so: a predictor may import more of it later.

    Nothing is written beside it in here. Raises Misuse when there is none.
    """
    found, place, wrote = name(model), str(model / CODE), sys.dont_write_bytecode
    _taken(found)
    sys.path.insert(0, place)
    sys.dont_write_bytecode = True
    try:
        yield found
    finally:
        sys.path.remove(place)
        sys.dont_write_bytecode = wrote


@contextmanager
def package(model: Path) -> "Iterator[Package]":
    """The package of a model; in here nothing else is imported by its name, and nothing is written beside it."""
    from mlops.steps.package import Package  # not where a model is served: that has only what the lock pins

    before = _taken(found := name(model))
    try:
        with served(model):
            yield Package(found)
    finally:
        _taken(found)
        sys.modules.update(before)


@contextmanager
def registered(models: "Models", reference: str) -> "Iterator[tuple[Package, Path]]":
    """The package and the folder of a registered model. Raises Misuse and Failure as `models` does."""
    with tempfile.TemporaryDirectory() as scratch:
        models.fetch(reference, folder := Path(scratch, "model"))
        with package(folder) as found:
            yield found, folder


def _name(model: Path) -> str:
    return next((found.parent.name for found in (model / CODE).glob("*/predict.py")), "")


def _taken(package: str) -> dict:
    """Take a package and its modules out of those that are imported."""
    mine = [each for each in sys.modules if f"{each}.".startswith(f"{package}.")]
    return {each: sys.modules.pop(each) for each in mine}
