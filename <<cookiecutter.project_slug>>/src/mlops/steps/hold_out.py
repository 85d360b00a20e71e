"""Some of the training rows set aside, to choose between candidates on; the test rows stay unseen."""

from mlops.steps import base


def work(given: base.Given, log: base.Log) -> None:
    import polars as pl

    from mlops.steps.package import recipe
    from mlops.steps.rows import split, write

    known = recipe(given.recipe)
    frame = pl.read_parquet(given.rows / "train.parquet")
    parts = split(frame, known.model.contract.ROW, known.test_share, salt=b"hold out")
    write(parts, given.held, log)


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "recipe", "rows", "held"), work)
