"""Sources to model rows, which must keep the contract ROW, split into train.parquet and test.parquet."""

from mlops.steps import base


def work(given: base.Given, log: base.Log) -> None:
    from mlops.contract.table import conform
    from mlops.gates.schema import verdicts
    from mlops.steps.package import recipe
    from mlops.steps.rows import split, tables, write

    known = recipe(given.recipe)
    model, row = known.model, known.model.contract.ROW
    sources = tables(model, base.paths(given.source, model.contract.SOURCES))
    frame = model.prepare.prepare(sources).collect(engine="streaming")
    base.conclude(verdicts("prepared rows", frame.lazy(), row), given.rows, log)
    write(split(conform(frame.lazy(), row).collect(), row, known.test_share), given.rows, log)


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "recipe", "verdicts", "rows", source=True), work)
