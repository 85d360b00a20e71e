"""What a model package may import loads fast: it is on the way of every request's server start."""

import sys

from mlops import api
from tests.support.project import Project


def test_everything_in_the_api_is_there():
    assert all(getattr(api, name) is not None for name in api.__all__)


def test_importing_the_api_loads_numpy_and_no_heavy_package(reference: Project):
    code = "import sys; before = {*sys.modules}; import mlops.api; print(*{*sys.modules} - before)"
    done = reference.python("-c", code)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert done.returncode == 0 and "numpy" in loaded
    assert loaded.isdisjoint({"polars", "pydantic", "yaml", "mlflow", "sklearn", "lightgbm", "onnxruntime"})
    assert loaded - set(sys.stdlib_module_names) <= {"mlops", "numpy"}
