"""The project that the tests are about."""

from pathlib import Path

import pytest

from mlops import settings
from mlops.steps.package import Package, package


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def model(project: Path) -> Package:
    """The model package that mlops.yaml names: `model.train`, `model.features` and so on are its modules."""
    return package(settings.load(project / "mlops.yaml"))
