"""The model and its baselines, trained on the same rows and exported as the folders that a predictor loads."""

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops.steps import base


def work(given: base.Given, log: base.Log) -> None:
    from mlops import carried
    from mlops.errors import Failure, Misuse
    from mlops.files import write_json
    from mlops.gates import parity
    from mlops.steps.package import recipe, speaking
    from mlops.steps.rows import read
    from mlops.words import pairs

    model = recipe(given.recipe).model
    rows = read(given.rows / "train.parquet", model.contract.ROW)
    x, params = model.features.features(rows.x), pairs("--params", given.params)

    def fit(train: Callable[..., Any], to: Path) -> Any:
        with speaking("train.py", Misuse):
            fitted = train(x, rows.y, rows.weight, rows.groups, params, given.seed)
        with speaking(f"train.py: export of {to.name}", Failure):
            model.train.export(fitted, to)
        return fitted

    started = time.perf_counter()
    trained = fit(model.train.train, given.model)
    seconds = time.perf_counter() - started
    carried.put(Path(str(model.contract.__file__)).parent, given.model)
    costs = {"seconds": seconds, "peak_mb": peak_mb()}
    about = {"seed": given.seed, "params": params, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    exported = model.predict.Predictor.load(given.model)
    kept = parity.exported(trained, exported, rows.x, model.contract.ROW.features)
    write_json(given.training, {**about, **costs, "parity": kept})
    for name, baseline in model.train.BASELINES.items():
        fit(baseline, given.baselines / name)
    log.metrics(getattr(trained, "facts", {}) | {f"training.{name}": cost for name, cost in costs.items()})


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB; Linux counts in KiB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


if __name__ == "__main__":
    parser = base.arguments(__doc__, "recipe", "rows", "model", "baselines", "training")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", nargs="*", default=[], metavar="NAME=VALUE")
    base.run(parser, work)
