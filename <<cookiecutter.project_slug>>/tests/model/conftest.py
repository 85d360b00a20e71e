"""What the tests of the model share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops.api import Columns
from mlops.gates import quality
from mlops.settings import Settings
from mlops.steps.package import Package
from mlops.steps.rows import Rows


@pytest.fixture(scope="session")
def baselines(
    model: Package, known: Rows, params: dict[str, str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The predictor of each baseline, by its name."""
    x, folder = model.features.features(known.x), tmp_path_factory.mktemp("baselines")
    for name, baseline in model.train.BASELINES.items():
        model.train.export(baseline(x, known.y, known.weight, known.groups, params, seed), folder / name)
    return {name: model.predict.Predictor.load(folder / name) for name in model.train.BASELINES}


@pytest.fixture(scope="session")
def limits(known_settings: Settings) -> quality.Limits:
    return known_settings.limits("quality", quality.Limits)


@pytest.fixture(scope="session")
def few(fresh: Rows) -> Columns:
    """The features of a hundred fresh rows."""
    return {name: values[:100] for name, values in fresh.x.items()}


@pytest.fixture(scope="session")
def agree() -> Callable[[Columns, Columns], None]:
    """Asserts that columns are the same: names, and values but for rounding."""

    def agree(some: Columns, others: Columns) -> None:
        assert some.keys() == others.keys()
        for name, values in some.items():
            if values.dtype.kind in "biuf":
                np.testing.assert_allclose(values, others[name], rtol=1e-6, atol=1e-6, err_msg=name)
            else:
                np.testing.assert_array_equal(values, others[name], err_msg=name)

    return agree


@pytest.fixture(scope="session")
def files() -> Callable[[Path], dict[str, bytes]]:
    """The content of each file in a folder."""
    return lambda folder: {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
