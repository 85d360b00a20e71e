"""Buckets of log rows: each row in its own span, closed spans only, and outcomes at the time of the prediction."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mlops.contract.types import Column
from mlops.platform.endpoint import Bucket, Edges
from mlops.release.observe import buckets, edges, worth, worths
from mlops.settings import Online

EDGES = Edges((50.0, 100.0), "score", (0.25, 0.5))
CLASSES = Edges((50.0, 100.0), "label", ("low", "high"))
OF_ANY = {"time": pl.Float64, "deployment": pl.String}


def traffic(*rows: tuple) -> pl.LazyFrame:
    """Time, deployment, status, milliseconds."""
    return pl.LazyFrame(rows, {**OF_ANY, "status": pl.Int64, "ms": pl.Float64}, orient="row")


def predictions(*rows: tuple, dtype: type[pl.DataType] = pl.Float64) -> pl.LazyFrame:
    return pl.LazyFrame(rows, {**OF_ANY, "predicted": dtype}, orient="row")


def worthy(*rows: tuple) -> pl.LazyFrame:
    return pl.LazyFrame(rows, {**OF_ANY, "worth": pl.Float64}, orient="row")


def seen(asked=(), predicted=(), known=(), since: float = 0.0, now: float = 240.0) -> tuple[Bucket, ...]:
    return buckets(traffic(*asked), predictions(*predicted), worthy(*known), EDGES, since, now, 60.0)


def test_each_row_counts_once_in_the_span_of_its_deployment():
    found = seen(
        asked=[(0.0, "a", 200, 50.0), (59.9, "a", 200, 50.1), (60.0, "a", 422, 999.0), (61.0, "b", 200, 1.0)],
        predicted=[(1.0, "a", 0.25), (2.0, "a", 0.26), (3.0, "a", 0.9), (62.0, "b", 0.0)],
        known=[(1.0, "a", 1.0), (2.0, "a", -0.5)],
    )
    assert found == (
        Bucket("a", 0.0, 2, 0, (1, 1, 0), (1, 1, 1), (2.0, 0.5, 1.25)),
        Bucket("a", 60.0, 1, 0, (0, 0, 1), (0, 0, 0)),
        Bucket("b", 60.0, 1, 0, (1, 0, 0), (1, 0, 0)),
    )


def test_what_fails_is_an_error_and_has_no_latency():
    [found] = seen(asked=[(1.0, "a", status, 10.0) for status in (200, 404, 500, 503, 0, None)])
    assert (found.requests, found.errors, found.latency) == (6, 4, (2, 0, 0))


def test_an_open_span_is_not_there_and_earlier_ones_are_left_out():
    asked = [(time, "a", 200, 10.0) for time in (59.0, 60.0, 119.0, 120.0, 179.9, 180.0)]
    assert [(each.start, each.requests) for each in seen(asked, since=60.0, now=180.0)] == [(60.0, 2), (120.0, 2)]
    assert [each.start for each in seen(asked, since=61.0, now=179.99)] == []
    assert seen(now=1e9) == ()


def test_a_row_that_comes_late_makes_its_span_whole_when_it_is_read_again():
    early, late = (1.0, "a", 200, 10.0), (2.0, "a", 500, 10.0)
    [before], [after] = seen([early]), seen([early, late], known=[(2.0, "a", 1.0)])
    assert before.start == after.start
    assert (after.requests, after.errors, after.outcomes) == (2, 1, (1.0, 1.0, 1.0))


def test_classes_have_a_bin_each_and_one_for_none_of_them():
    rows = predictions(*[(1.0, "a", name) for name in ("high", "low", "high", "other")], dtype=pl.String)
    [found] = buckets(traffic(), rows, worthy(), CLASSES, 0.0, 60.0, 60.0)
    assert (found.scores, found.latency, found.requests) == ((1, 2, 1), (0, 0, 0), 0)


def test_no_row_is_lost_among_many():
    rng = np.random.default_rng(0)
    rows = 50_000
    frame = pl.LazyFrame(
        {
            "time": rng.uniform(0, 600, rows),
            "deployment": rng.choice(["a", "b"], rows),
            "status": rng.choice([200, 500], rows),
            "ms": rng.uniform(0, 150, rows),
        }
    )
    scores = frame.select("time", "deployment", predicted=pl.col("ms") / 150)
    found = buckets(frame, scores, worthy(), EDGES, 0.0, 600.0, 1.0)
    assert sum(each.requests for each in found) == sum(sum(each.scores) for each in found) == rows
    assert sum(each.errors + sum(each.latency) for each in found) == rows
    assert len(found) == 1200 and [each.start for each in found] == sorted(each.start for each in found)


def test_edges_reach_around_the_limit_which_is_one_of_them():
    online = Online(p95_ms=80.0, availability=0.99, requests_per_second=1.0)
    found = edges(online, {"column": "score", "edges": [0.1, 0.9]})
    assert (found.latency[0], found.latency[-1], 80.0 in found.latency, len(found.latency)) == (5.0, 160.0, True, 11)
    assert edges(online, {"column": "label", "names": ["low", "high"]}).scores == ("low", "high")


@pytest.mark.parametrize(
    ("label", "y", "predicted", "expected"),
    [
        (Column("l", "flag", "label"), [True, False], {"score": [0.9, 0.9]}, [1.0, 0.0]),
        (Column("l", "flag", "label"), [True, False], {"score": [0.9, 0.9], "decision": [0, 0]}, [0.0, 1.0]),
        (Column("l", "category", "label", categories=("x", "y")), ["x", "y"], {"label": ["x", "x"]}, [1.0, 0.0]),
        (Column("l", "number", "label"), [1.0, 5.0], {"value": [1.0, 3.0]}, [0.0, -1.0]),
    ],
)
def test_a_prediction_is_worth_what_came_of_it(label, y, predicted, expected):
    columns = {name: np.array(values) for name, values in predicted.items()}
    assert worth(label, np.array(y), columns).tolist() == expected


def test_outcomes_are_worth_at_the_time_of_the_prediction_of_every_deployment_that_made_one():
    outcomes = pl.DataFrame(
        {"id": ["one", "two", "many", "nobody"], "outcome": [True, True, True, None],
         "observed": [True, True, True, False], "time": datetime(2027, 1, 1, tzinfo=UTC), "decision": None}
    )  # fmt: skip
    log = pl.DataFrame(
        [("one", 10.0, "a", 1), ("one", 11.0, "b", 0), ("two", 12.0, "a", 0), ("many", 13.0, "a", 1),
         ("many", 13.0, "a", 1), ("nobody", 14.0, "a", 1), ("waiting", 15.0, "a", 1)],
        ["id", "time", "deployment", "decision"], orient="row",
    )  # fmt: skip
    found = worths(outcomes, log, Column("l", "flag", "label"))
    assert found.rows() == [(10.0, "a", 1.0), (11.0, "b", 0.0), (12.0, "a", 0.0)]
