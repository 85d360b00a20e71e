"""Training once more, by the step's command: elsewhere, on other threads, from the same code, rows and parameters."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlops import digest
from mlops.contract.synthetic import rows
from mlops.files import read_json, write_json
from mlops.steps.package import Recipe
from mlops.steps.retrain import THREADS
from tests.support.project import TEMPLATE, environment
from tests.support.small_model import ROW

MACHINERY = next(TEMPLATE.glob("*/src/mlops"))
MODEL = {
    "__init__.py": "",
    "contract.py": "from tests.support.small_model import ROW\n",
    "features.py": "def features(columns):\n    return columns\n",
    "predict.py": "class Predictor:\n    load = print\n",
    "train.py": """
import os

BASELINES = {}


def train(x, y, weight, groups, params, seed):
    return {
        "sound": [seed, params["depth"], x["age"].mean()],
        "place": __file__,
        "threads": os.environ["OMP_NUM_THREADS"],
        "order": list({"a", "b", "c", "d", "e", "f", "g"}),
        "chance": os.urandom(8),
    }


def export(model, folder):
    folder.mkdir(parents=True)
    for name, learnt in model.items():
        (folder / name).write_text(str(learnt))
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The inputs of the steps train and retrain, and the code of a model that says what it learnt."""
    package = tmp_path / "src" / "small"
    package.mkdir(parents=True)
    (package.parent / "mlops").symlink_to(MACHINERY)
    for name, text in MODEL.items():
        (package / name).write_text(text)
    (tmp_path / "rows").mkdir()
    rows(ROW, 50).write_parquet(tmp_path / "rows" / "train.parquet")
    write_json(tmp_path / "recipe.json", Recipe("small", 0.2))
    return tmp_path


def run(project: Path, step: str, files: str, *options: str) -> str:
    """What a step says that is given these files of the project."""
    given = [word for name in files.split() for word in (f"--{name.removesuffix('.json')}", str(project / name))]
    variables = {"PYTHONPATH": str(TEMPLATE), "PYTHONHASHSEED": "5", **dict.fromkeys(THREADS, "2")}
    command = [sys.executable, "-m", f"mlops.steps.{step}", *given, *options]
    done = subprocess.run(
        command, cwd=project / "src", env=environment(**variables), capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_what_rows_parameters_and_seed_decide_comes_out_the_same(project: Path):
    run(project, "train", "recipe.json rows model baselines training.json", "--seed", "7", "--params", "depth=3")
    run(project, "retrain", "recipe.json rows training.json retrained", "--check_reproducible", "true")
    first, again = (digest.of_files(project / path) for path in ("model", "retrained/model"))
    package = {f"code/small/{name}" for name in MODEL}
    assert {name for name in first if first[name] == again[name]} == {"sound", *package}
    training = read_json(project / "training.json")
    assert (training["seed"], training["params"], training["parity"]) == (7, {"depth": "3"}, None)
    assert training["seconds"] > 0 and training["peak_mb"] > 10 and training["at"].endswith("+00:00")


def test_without_the_check_nothing_is_trained_and_it_is_said(project: Path):
    said = run(project, "retrain", "recipe.json rows training.json retrained", "--check_reproducible", "false")
    assert list((project / "retrained").iterdir()) == []
    assert "the gate reproducibility will refuse the model" in said
