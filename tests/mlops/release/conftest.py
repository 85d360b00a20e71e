"""`shop` has released nothing yet, `served` has a champion in service. Each test has one of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops.release import start
from tests.mlops.release.making import built
from tests.mlops.release.shops import Shop
from tests.support.project import Project


@pytest.fixture(scope="session")
def closed(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project before anything was released."""
    return built(tmp_path_factory.mktemp("shop") / "project", reference.path)


@pytest.fixture(scope="session")
def in_service(closed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a champion, whose endpoint is stopped."""
    path = shutil.copytree(closed, tmp_path_factory.mktemp("served") / "project", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        _person(patch, path)
        shop = Shop(path)
        start.start(shop.controller, shop.register())
        shop.tick(["champion"])
        shop.endpoint.stop()
    return path


def _person(patch: pytest.MonkeyPatch, project: Path) -> None:
    """Somebody who types in the project, and imports its model package."""
    patch.syspath_prepend(project / "src")
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "A Person")
        patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")


@pytest.fixture
def person(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _person(monkeypatch, closed)


@pytest.fixture
def shop(closed: Path, tmp_path: Path, person: None) -> Iterator[Shop]:
    yield from _opened(closed, tmp_path)


@pytest.fixture
def served(in_service: Path, tmp_path: Path, person: None) -> Iterator[Shop]:
    yield from _opened(in_service, tmp_path)


def _opened(project: Path, tmp_path: Path) -> Iterator[Shop]:
    """Nothing of it runs on after the test."""
    shop = Shop(shutil.copytree(project, tmp_path / "project", symlinks=True))
    try:
        yield shop
    finally:
        shop.endpoint.stop()
