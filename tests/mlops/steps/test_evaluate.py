"""Groups of people are measured apart, each of them."""

import numpy as np

from mlops.contract.types import NULL, UNSEEN, Column, Contract
from mlops.steps.evaluate import groups
from mlops.steps.rows import Rows


def test_nulls_and_unseen_categories_are_two_groups_beside_those_of_the_contract():
    row = Contract(Column("sex", "category", "context", categories=("f", "m"), sensitive=True))
    codes = np.array([0, 0, 0, 1, 1, NULL, UNSEEN, UNSEEN], np.int32)
    ones = np.ones(len(codes))
    found = groups({}, row, Rows({}, ones, ones, {"sex": codes}, {}), {"score": ones})
    assert {name: group["rows"] for name, group in found["sex"].items()} == {
        "f": 3, "m": 2, "(unknown)": 1, "(unseen)": 2,
    }  # fmt: skip
