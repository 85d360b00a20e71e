"""A model trained on a small part of the data, by the parameters of train.yml, and rows that it has not seen."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from mlops.steps.package import Package
from mlops.steps.rows import Rows, read

EVERY = 12


@pytest.fixture(scope="session")
def params(project: Path) -> dict[str, str]:
    inputs = yaml.safe_load((project / "azureml/pipelines/train.yml").read_text())["inputs"]
    return {name: str(value) for name, value in inputs.items() if not isinstance(value, dict) and name != "seed"}


@pytest.fixture(scope="session")
def parts(project: Path, model: Package, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to judge by, some 4,000 each."""
    sources = {"applications": pl.scan_parquet(project / "data/applications.parquet")}
    rows, folder = model.prepare.prepare(sources).collect(), tmp_path_factory.mktemp("rows")
    for part in (0, 1):
        rows.gather_every(EVERY, part).write_parquet(folder / f"{part}.parquet")
    first, second = (read(folder / f"{part}.parquet", model.contract.ROW) for part in (0, 1))
    return first, second


@pytest.fixture(scope="session")
def known(parts: tuple[Rows, Rows]) -> Rows:
    return parts[0]


@pytest.fixture(scope="session")
def fresh(parts: tuple[Rows, Rows]) -> Rows:
    return parts[1]


@pytest.fixture(scope="session")
def trained(model: Package, known: Rows, params: dict[str, str]) -> Any:
    x = model.features.features(known.x)
    return model.train.train(x, known.y, known.weight, known.groups, params, seed=1)


@pytest.fixture(scope="session")
def artifact(model: Package, trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifact")
    model.train.export(trained, folder)
    return folder


@pytest.fixture(scope="session")
def predictor(model: Package, artifact: Path) -> Any:
    return model.predict.Predictor.load(artifact)
