"""The model and its baselines, trained on the same rows and exported as the folders that a predictor loads."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlops.steps import base
from mlops.steps.log import Log


def work(given: Namespace, log: Log) -> None:
    from mlops.errors import Failure, Misuse
    from mlops.steps import recipe
    from mlops.steps.package import speaking
    from mlops.steps.rows import read
    from mlops.words import pairs

    model = recipe.read(given.recipe).model
    rows = read(given.rows / "train.parquet", model.contract.ROW)
    x, params = model.features.features(rows.x), pairs("--params", given.params)

    def fit(train: Callable[..., Any], to: Path) -> Any:
        with speaking("train.py", Misuse):
            fitted = train(x, rows.y, rows.weight, rows.groups, params, given.seed)
        with speaking(f"train.py: export of {to.name}", Failure):
            model.train.export(fitted, to)
        return fitted

    trained = fit(model.train.train, given.model)
    for name, baseline in model.train.BASELINES.items():
        fit(baseline, given.baselines / name)
    log.metrics(getattr(trained, "facts", {}))


if __name__ == "__main__":
    parser = base.arguments(__doc__, "recipe", "rows", "model", "baselines")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", nargs="*", default=[], metavar="NAME=VALUE")
    base.run(parser, work)
