"""What metrics.json says beside the metrics, for the gates that judge a release."""

import json

import numpy as np
import pytest

from mlops.contract import request
from mlops.contract.types import Column, Contract
from mlops.steps.evaluate import newest, predicted

DAY = 86_400.0
ROW = Contract(
    Column("id", "text", "id"),
    Column("at", "time", "time", nullable=True),
    Column("age", "number", unit="years", range=(0, float("inf"))),
    Column("job", "category", categories=("clerk", "cook"), nullable=True, unseen="accept"),
    Column("sex", "flag", "context", sensitive=True),
)


def test_the_newest_row_is_the_one_with_the_latest_time():
    assert newest(ROW, {"at": np.array([3.5 * DAY, np.nan, 9.99 * DAY])}) == "1970-01-10"
    assert newest(ROW, {"at": np.array([np.nan])}) is None
    assert newest(Contract(Column("age", "number")), {"age": np.ones(3)}) is None


def test_what_callers_may_send_is_kept_as_json_holds_it():
    schema = request.schema(ROW)
    assert json.loads(json.dumps(schema, allow_nan=False)) == {
        "age": {
            "dtype": "number", "unit": "years", "range": [0, None], "categories": [], "nullable": False,
            "unseen": "refuse",
        },
        "job": {
            "dtype": "category", "unit": "", "range": [None, None], "categories": ["clerk", "cook"], "nullable": True,
            "unseen": "accept",
        },
    }  # fmt: skip


def test_predictions_are_counted_between_neighbouring_values_at_5_percent_steps():
    flag, scores = Contract(Column("l", "flag", "label")), np.arange(100) / 100
    found = predicted(flag, {"score": scores})
    assert found["column"] == "score"
    counts = np.bincount(np.searchsorted(found["edges"], scores))
    assert len(counts) == 20 and set(counts) == {5}
    assert not np.isin(found["edges"], scores).any()
    assert predicted(flag, {"score": np.repeat([0.2, 0.4], 50)})["edges"] == pytest.approx([0.3])
    assert predicted(flag, {"score": np.full(9, 0.5)})["edges"] == [0.5]
    assert predicted(Contract(Column("l", "number", "label")), {"value": scores})["column"] == "value"
    classes = Contract(Column("l", "category", "label", categories=("x", "y")))
    assert predicted(classes, {"label": np.zeros(3, int)}) == {"column": "label", "names": ["x", "y"]}
