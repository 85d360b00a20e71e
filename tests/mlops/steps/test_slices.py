"""What metrics.json says of groups, slices and features."""

import numpy as np
import pytest

from mlops.contract.types import NULL, UNSEEN, Column
from mlops.steps.importance import importance
from mlops.steps.rows import Rows
from mlops.steps.slices import LEAST, groups, members, slices


def rows(x: dict[str, np.ndarray], y: np.ndarray, people: dict[str, np.ndarray] | None = None) -> Rows:
    return Rows(x, y, np.ones(len(y)), people or {}, {})


def hits(y, predictions, weight) -> float:
    return float(np.average(predictions["score"] == y, weights=weight))


def of_positives(y, predictions, weight) -> float:
    chosen = weight * y
    return float((chosen * (predictions["score"] == 1)).sum() / chosen.sum()) if chosen.sum() else float("nan")


def test_nulls_and_unseen_categories_are_two_groups_beside_those_of_the_contract():
    column = Column("sex", "category", "context", categories=("f", "m"), sensitive=True)
    codes = np.array([0, 0, 0, 1, 1, NULL, UNSEEN, UNSEEN], np.int32)
    ones = np.ones(len(codes))
    found = groups({}, column, rows({}, ones, {"sex": codes}), {"score": ones})
    assert {name: group["rows"] for name, group in found.items()} == {
        "f": 3, "m": 2, "(unknown)": 1, "(unseen)": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "positive", "small"), [(LEAST, True, False), (LEAST - 1, True, True), (5 * LEAST, False, False)]
)
def test_only_a_group_of_few_rows_is_too_small_to_judge(count: int, positive: bool, small: bool):
    y = np.tile([1, 0], count)[:count] * positive
    column, metrics = Column("sex", "flag", "context", sensitive=True), {"of_positives": of_positives, "hits": hits}
    [group] = groups(metrics, column, rows({}, y, {"sex": np.zeros(count, int)}), {"score": y}).values()
    assert group["too_small"] is small
    assert (group["metrics"]["of_positives"].low is None) == (not positive)
    assert group["metrics"]["hits"].low == 1


def test_a_number_is_cut_into_quarters_and_what_is_missing_is_a_slice_of_its_own():
    values = np.append(np.arange(400.0), [np.nan] * 7)
    found = {name: int(member.sum()) for name, member in members(Column("age", "number"), values)}
    assert list(found.values()) == [100, 100, 100, 100, 7]
    assert list(found)[0] == "up to 99.75"
    assert list(found)[-1] == "(unknown)"


def test_a_number_that_is_nearly_always_the_same_has_fewer_bands():
    values = np.append(np.zeros(380), np.arange(1.0, 21))
    assert [name for name, _ in members(Column("gain", "number"), values)] == ["up to 0", "over 0"]


def test_every_row_is_in_one_slice():
    random = np.random.default_rng(0)
    for values in (random.normal(size=501), random.integers(0, 3, 501) / 2, np.full(501, 4.0), np.full(501, np.nan)):
        assert np.sum([member for _, member in members(Column("a", "number"), values)], axis=0).tolist() == [1] * 501


def test_a_slice_of_few_rows_is_named_and_has_no_figures():
    codes = np.repeat([0, 1], [LEAST, LEAST - 1])
    column = Column("kind", "category", categories=("much", "little"))
    y = np.ones(len(codes), int)
    much, little = slices({"hits": hits}, column, rows({"kind": codes}, y), {"score": y})
    assert (much["slice"], much["metrics"], much["too_small"]) == ("much", {"hits": 1.0}, False)
    assert (little["slice"], little["metrics"], little["too_small"]) == ("little", {}, True)


def test_a_figure_without_a_value_in_a_slice_is_unknown():
    y = np.zeros(LEAST, int)
    [found] = slices({"of_positives": of_positives}, Column("a", "flag"), rows({"a": y}, y), {"score": y})
    assert found["metrics"] == {"of_positives": None}


def test_what_the_model_does_not_read_has_no_importance_and_what_it_reads_has():
    random = np.random.default_rng(1)
    x = {"read": random.integers(0, 2, 2000), "ignored": random.integers(0, 2, 2000)}
    found = importance({"hits": hits}, rows(x, x["read"]), lambda x: {"score": x["read"]})
    assert found["ignored"]["hits"] == {"value": 0, "low": 0, "high": 0}
    assert found["read"]["hits"]["value"] == pytest.approx(0.5, abs=0.05)
    assert found["read"]["hits"]["low"] <= found["read"]["hits"]["value"] <= found["read"]["hits"]["high"]
    assert found == importance({"hits": hits}, rows(x, x["read"]), lambda x: {"score": x["read"]})


def test_the_importance_of_a_figure_without_a_value_is_unknown():
    x = {"a": np.zeros(50)}
    found = importance({"of_positives": of_positives}, rows(x, np.zeros(50)), lambda x: {"score": x["a"]})
    assert found["a"]["of_positives"] == {"value": None, "low": None, "high": None}
