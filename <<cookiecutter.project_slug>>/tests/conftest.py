"""The project that the tests are about, its data as train.yml names it, and a model trained on some of its rows."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops import settings
from mlops.contract.table import conform
from mlops.settings import Settings
from mlops.specs.bind import bind
from mlops.specs.expressions import EXPRESSION
from mlops.specs.types import Asset, Job, Literal, Value
from mlops.steps.base import paths
from mlops.steps.package import Package, package
from mlops.steps.rows import Rows, read, split, tables

ROWS = 8000
"""About as many rows are used, half to learn from and half to judge by."""

NAMED = re.compile(rf"([\w.-]+)={EXPRESSION.pattern}")


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def known_settings(project: Path) -> Settings:
    return settings.load(project / "mlops.yaml")


@pytest.fixture(scope="session")
def model(known_settings: Settings) -> Package:
    """The model package that mlops.yaml names: `model.train`, `model.features` and so on are its modules."""
    return package(known_settings)


@pytest.fixture(scope="session")
def job(project: Path) -> Job:
    """The pipeline of train.yml, with every name in it resolved."""
    return bind(project / "azureml" / "pipelines" / "train.yml", project=project)


def named(job: Job, step: str) -> dict[str, Value]:
    """The inputs that the command of a step hands on as `NAME=${{inputs.INPUT}}`, by NAME."""
    [node] = [node for node in job.nodes if node.name == step]
    found = NAMED.findall(node.command)
    return {name: node.inputs[reference.removeprefix("inputs.")] for name, reference in found}


@pytest.fixture(scope="session")
def params(job: Job) -> dict[str, str]:
    """The hyper-parameters, as the step `train` gets them."""
    return {name: value.text for name, value in named(job, "train").items() if isinstance(value, Literal)}


@pytest.fixture(scope="session")
def seed(job: Job) -> int:
    value = job.inputs["seed"]
    assert isinstance(value, Literal)
    return int(value.text)


@pytest.fixture(scope="session")
def sources(job: Job, model: Package) -> dict[str, pl.LazyFrame]:
    """The raw tables that the step `prepare` gets, by the names in SOURCES."""
    assets = {name: value for name, value in named(job, "prepare").items() if isinstance(value, Asset)}
    given = [f"{name}={asset.path}" for name, asset in assets.items()]
    return tables(model, paths(given, model.contract.SOURCES))


@pytest.fixture(scope="session")
def prepared(model: Package, sources: dict[str, pl.LazyFrame]) -> pl.DataFrame:
    return model.prepare.prepare(sources).collect()


@pytest.fixture(scope="session")
def parts(model: Package, prepared: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    """Two halves that have no row in common, divided as the step `prepare` does it."""
    row, folder = model.contract.ROW, tmp_path_factory.mktemp("rows")
    some = conform(prepared.lazy(), row).collect().gather_every(max(1, len(prepared) // ROWS))
    for name, part in zip(("known", "fresh"), split(some, row, 0.5), strict=True):
        part.write_parquet(folder / f"{name}.parquet")
    return read(folder / "known.parquet", row), read(folder / "fresh.parquet", row)


@pytest.fixture(scope="session")
def known(parts: tuple[Rows, Rows]) -> Rows:
    """Rows that the model learnt from."""
    return parts[0]


@pytest.fixture(scope="session")
def fresh(parts: tuple[Rows, Rows]) -> Rows:
    """Rows that it has not seen."""
    return parts[1]


@pytest.fixture(scope="session")
def trained(model: Package, known: Rows, params: dict[str, str], seed: int) -> Any:
    x = model.features.features(known.x)
    return model.train.train(x, known.y, known.weight, known.groups, params, seed)


@pytest.fixture(scope="session")
def artifact(model: Package, trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifact") / "model"
    model.train.export(trained, folder)
    return folder


@pytest.fixture(scope="session")
def predictor(model: Package, artifact: Path) -> Any:
    return model.predict.Predictor.load(artifact)
