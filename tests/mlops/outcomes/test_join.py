"""Outcomes beside the log of predictions, as evaluation and monitoring read them."""

import polars as pl
import pytest

from mlops.outcomes import ids, store
from tests.mlops.outcomes.conftest import Desk


@pytest.fixture
def served(desk: Desk) -> Desk:
    desk.add(
        "right,true,2026-11-20,granted", "wrong,false,2026-11-20,granted", "unseen,,,denied", "stray,true,2026-11-20,"
    )
    return desk


def test_each_prediction_finds_its_outcome_or_the_reason_why_there_is_none(served: Desk):
    rows, counts = store.joined(store.read(served.folder), served.log("wrong", "waits", "right", "unseen", "waits too"))
    assert counts == {"matched": 2, "waiting": 2, "unobserved": 1, "unknown": 1}
    assert rows.columns == ["id", "score", "outcome", "outcome_time", "decided"]
    assert rows.select("outcome", "decided").rows() == [(False, "granted"), (True, "granted")]


def test_a_request_that_was_predicted_twice_matches_twice(served: Desk):
    rows, counts = store.joined(store.read(served.folder), served.log("right", "right"))
    assert len(rows) == counts["matched"] == 2


def test_a_log_under_another_key_joins_with_nothing(served: Desk):
    log = pl.DataFrame({"id": [ids.hashed("right", bytes(32))]})
    rows, counts = store.joined(store.read(served.folder), log)
    assert counts == {"matched": 0, "waiting": 1, "unobserved": 0, "unknown": 4} and rows.is_empty()


def test_before_the_first_outcome_everything_waits(desk: Desk):
    log = pl.DataFrame({"id": ["00", "11"]})
    rows, counts = store.joined(store.read(desk.folder), log)
    assert counts == {"matched": 0, "waiting": 2, "unobserved": 0, "unknown": 0} and rows.is_empty()
    assert not desk.state.exists()


def test_a_log_without_predictions_makes_every_outcome_unknown(served: Desk):
    _, counts = store.joined(store.read(served.folder), pl.DataFrame(schema={"id": pl.String}))
    assert counts == {"matched": 0, "waiting": 0, "unobserved": 0, "unknown": 4}


def test_the_hash_is_hmac_sha256():
    """Test case 2 of RFC 4231."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert ids.hashed("what do ya want for nothing?", b"Jefe") == expected
