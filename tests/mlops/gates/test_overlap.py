"""The gate on overlap: no test row is, by its id or by its features, one that the model learnt from."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops.contract.types import Column, Contract
from mlops.gates.base import Context
from mlops.gates.overlap import Limits, check, measure
from mlops.steps.rows import split

FEATURES = Column("age", "number", nullable=True), Column("job", "text", nullable=True)
NAMED = Contract(Column("id", "text", "id"), *FEATURES, Column("good", "flag", "label"))
NAMELESS = Contract(*FEATURES, Column("good", "flag", "label"))
TRAIN = [("a", 20.0, "cook", True), ("b", None, "cook", False), ("c", 30.0, None, True)]


def refused(folder: Path, test: list[tuple], contract: Contract = NAMED) -> dict[str, Any]:
    for part, rows in (("train", TRAIN), ("test", test)):
        frame = pl.DataFrame(
            rows, [("id", pl.String), ("age", pl.Float64), ("job", pl.String), ("good", pl.Boolean)], orient="row"
        )
        frame.select(column.name for column in contract).write_parquet(folder / f"{part}.parquet")
    settings: Any = None
    context = Context(settings, {}, contract, files={"rows": folder})
    verdicts = check(measure(context), Limits())
    return {verdict.subject: verdict.why for verdict in verdicts if not verdict.passed}


@pytest.mark.parametrize("contract", [NAMED, NAMELESS])
def test_rows_of_their_own_pass_though_they_share_a_value(tmp_path: Path, contract: Contract):
    assert refused(tmp_path, [("d", 20.0, None, True), ("e", None, None, True)], contract) == {}


def test_an_id_on_both_sides_is_refused(tmp_path: Path):
    found = refused(tmp_path, [("a", 99.0, "clerk", True), ("d", 31.0, "clerk", True)])
    assert found == {"id": "1 test row with the id of a training row; none is allowed."}


@pytest.mark.parametrize("contract", [NAMED, NAMELESS])
@pytest.mark.parametrize("features", [(20.0, "cook"), (None, "cook"), (30.0, None)])
def test_equal_features_on_both_sides_are_refused_nulls_among_them(tmp_path: Path, features: tuple, contract: Contract):
    found = refused(tmp_path, [("d", *features, False), ("e", *features, True)], contract)
    assert found == {"features": "2 test rows with the features of a training row; none is allowed."}


def test_what_a_model_cannot_tell_apart_is_equal(tmp_path: Path):
    found = refused(tmp_path, [("d", float("nan"), "cook", False)])
    assert found == {"features": "1 test row with the features of a training row; none is allowed."}


def test_the_split_puts_what_a_model_cannot_tell_apart_on_one_side(tmp_path: Path):
    ages = [0.0, -0.0] * 8 + [float("nan"), None] * 8
    frame = pl.DataFrame({"age": ages, "job": [str(place // 2) for place in range(len(ages))]})
    frame = frame.with_columns(good=pl.Series([True] * len(ages)))
    for name, part in zip(("train", "test"), split(frame, NAMELESS, 0.5), strict=True):
        part.write_parquet(tmp_path / f"{name}.parquet")
    settings: Any = None
    assert measure(Context(settings, {}, NAMELESS, files={"rows": tmp_path})) == {"features": 0}
