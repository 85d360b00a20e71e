"""Sources to model rows, which must keep the contract ROW, split into train.parquet and test.parquet."""

from argparse import Namespace

from mlops.errors import Refused
from mlops.steps import base
from mlops.steps.log import Log


def work(given: Namespace, log: Log) -> None:
    from mlops.contract.table import conform
    from mlops.files import replacing
    from mlops.gates.schema import verdicts
    from mlops.steps import recipe
    from mlops.steps.rows import split
    from mlops.steps.sources import tables

    known = recipe.read(given.recipe)
    model, row = known.model, known.model.contract.ROW
    sources = tables(given.source, model.contract.SOURCES)
    frame = model.prepare.prepare(sources).collect(engine="streaming")
    base.conclude(verdicts("prepared rows", frame.lazy(), row), given.rows, log)
    train, test = split(conform(frame.lazy(), row).collect(), row, known.test_share)
    if not len(train) or not len(test):
        what = f"{len(frame)} rows cannot be split into train and test with training.test_share"
        raise Refused(f"{what} {known.test_share:g}. Fetch more rows, or change the share in mlops.yaml.")
    for name, part in (("train", train), ("test", test)):
        with replacing(given.rows / f"{name}.parquet") as draft:
            part.write_parquet(draft)
    log.metrics({"rows.train": len(train), "rows.test": len(test)})


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "recipe", "verdicts", "rows", source=True), work)
