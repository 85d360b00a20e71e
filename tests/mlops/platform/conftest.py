"""A laboratory per test. MLflow's empty database is made once for all of them, since that takes seconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops.platform.local.data import LocalData
from tests.mlops.platform.lab import Lab


@pytest.fixture(scope="session")
def with_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    from mlops.platform.local.tracking import Tracking

    state = tmp_path_factory.mktemp("database")
    Tracking(state).use("Default")

    def prepare(project: Path) -> None:
        (project / ".mlops").mkdir()
        shutil.copyfile(state / "mlflow.db", project / ".mlops" / "mlflow.db")

    return prepare


@pytest.fixture
def lab(tmp_path: Path, with_database: Callable[[Path], None]) -> Lab:
    return Lab(tmp_path / "project", with_database)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".mlops"


@pytest.fixture
def data(state: Path) -> LocalData:
    return LocalData(state)
