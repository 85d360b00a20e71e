"""The model trained once more: the same code, rows, parameters and seed, in another folder and on other threads."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlops.steps import base

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def work(given: base.Given, log: base.Log) -> None:
    from mlops.errors import Failure
    from mlops.files import read_json

    given.retrained.mkdir(parents=True, exist_ok=True)
    if given.check_reproducible.lower() != "true":
        print("Not trained again, since check_reproducible is false: the gate reproducibility will refuse the model.")
        return
    first = read_json(given.training)
    with tempfile.TemporaryDirectory() as scratch:
        elsewhere = Path(scratch, "elsewhere")
        shutil.copytree(Path.cwd(), elsewhere)
        files = {
            "recipe": given.recipe.resolve(),
            "rows": given.rows.resolve(),
            "model": given.retrained.resolve() / "model",
            "baselines": Path(scratch, "baselines"),
            "training": Path(scratch, "training.json"),
        }
        options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
        options += ["--seed", str(first["seed"]), "--params"]
        options += [f"{name}={value}" for name, value in first["params"].items()]
        command = [sys.executable, "-m", "mlops.steps.train", *options]
        if subprocess.run(command, cwd=elsewhere, env=other(os.environ)).returncode:
            raise Failure("training again failed; the lines above say why.")


def other(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables for another number of threads, another order of sets, and no run to log to."""
    threads = "1" if (os.cpu_count() or 1) > 1 else "2"
    kept = {name: value for name, value in variables.items() if name != "MLFLOW_RUN_ID"}
    return kept | dict.fromkeys(THREADS, threads) | {"PYTHONHASHSEED": "1"}


if __name__ == "__main__":
    parser = base.arguments(__doc__, "recipe", "rows", "training", "retrained")
    parser.add_argument("--check_reproducible", required=True)
    base.run(parser, work)
