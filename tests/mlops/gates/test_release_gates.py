"""The gates of stage release: cost, compatibility and staleness, on what was measured when the models were built."""

from copy import deepcopy
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.contract import request
from mlops.contract.types import Column, Contract
from mlops.gates import compatibility, cost, staleness
from mlops.gates.base import Context, Verdict

AGE = Column("age", "number", unit="years", range=(0, float("inf")))
JOB = Column("job", "category", categories=("clerk", "cook"), nullable=True, unseen="accept")
FORM = Column("form", "category", categories=("a", "b"))
ID = Column("id", "text", "id")

BUILT: dict[str, Any] = {
    "costs": {"size_mb": 0.3, "p95_ms": 20.0, "seconds_per_million": 30.0},
    "training": {"seconds": 300.0, "peak_mb": 4000.0, "at": "2026-03-01T23:50:00+00:00"},
    "request": request.schema(Contract(ID, AGE, JOB, FORM)),
    "newest": "2026-02-01",
}
SETTINGS: Any = SimpleNamespace(
    service=SimpleNamespace(
        online=SimpleNamespace(p95_ms=100), batch=SimpleNamespace(rows=2_000_000, deadline_minutes=60)
    ),
    training=SimpleNamespace(budget_minutes=30),
)


def judged(gate: Any, new: dict[str, Any], served: dict[str, Any] | None = BUILT, settings: Any = SETTINGS, **limits):
    today = date(2026, 3, 2)
    context = Context(settings, {}, evaluation=new, champion_evaluation=served or {}, today=today)
    return list(gate.check(gate.measure(context), gate.Limits(**limits)))


def changed(**parts: dict[str, Any]) -> dict[str, Any]:
    """What was built, with figures changed."""
    return deepcopy(BUILT) | {name: BUILT[name] | part for name, part in parts.items()}


def refusing(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if not verdict.passed]


@pytest.mark.parametrize("gate", [cost, compatibility, staleness])
@pytest.mark.parametrize("served", [BUILT, None])
def test_the_same_model_again_and_the_first_one_pass(gate, served):
    verdicts = judged(gate, BUILT, served)
    assert verdicts and not refusing(verdicts)


@pytest.mark.parametrize(
    ("new", "subject", "said"),
    [
        (
            changed(costs={"p95_ms": 101}),
            "service.online.p95_ms",
            "one row takes 101 ms at the 95th percentile; at most 100",
        ),
        (changed(costs={"seconds_per_million": 1900}), "service.batch.deadline_minutes", "a batch takes 63.3 minutes"),
        (changed(costs={"size_mb": 501}), "gates.cost.most_size_mb", "the artifact has 501 MB"),
        (changed(training={"seconds": 1801}), "training.budget_minutes", "training took 30 minutes; at most 30"),
        (
            changed(training={"peak_mb": 16001}),
            "gates.cost.most_memory_mb",
            "training held 16,001 MB in memory; at most 16,000 is",
        ),
    ],
)
def test_a_cost_beyond_its_limit_is_refused_by_the_setting(new, subject: str, said: str):
    [verdict] = refusing(judged(cost, new, None))
    assert verdict.subject == subject and verdict.why.startswith(said)
    assert f"raise {subject} in mlops.yaml" in verdict.next_step


def test_a_cost_far_above_that_of_the_model_in_service_is_refused():
    [verdict] = refusing(judged(cost, changed(costs={"p95_ms": 41})))
    assert verdict.subject == "service.online.p95_ms to now"
    assert verdict.why == "one row takes 41 ms at the 95th percentile; the model in service 20, and 40 is allowed."
    assert not refusing(judged(cost, changed(costs={"p95_ms": 41}), most_times_the_champion=3))
    assert not refusing(judged(cost, changed(costs={"p95_ms": 9}), changed(costs={"p95_ms": 0.1})))


def test_a_project_without_a_service_has_no_limit_for_one_row():
    batch = SimpleNamespace(
        **{**vars(SETTINGS), "service": SimpleNamespace(**vars(SETTINGS.service) | {"online": None})}
    )
    assert not refusing(judged(cost, changed(costs={"p95_ms": 1e6}), settings=batch))


def test_what_was_not_measured_is_an_error():
    without = {name: part for name, part in BUILT.items() if name != "request"}
    for gate, new, served in ((cost, {**BUILT, "costs": {}}, BUILT), (compatibility, BUILT, without)):
        with pytest.raises(KeyError):
            judged(gate, new, served)


def sent(*columns: Column) -> dict[str, Any]:
    return BUILT | {"request": request.schema(Contract(ID, *columns))}


@pytest.mark.parametrize(
    ("columns", "subject", "said"),
    [
        ((AGE, JOB), "form", "form is no longer taken: requests that are answered now would fail."),
        ((AGE, JOB, FORM, Column("height", "number")), "height", "height is new and must be sent"),
        ((Column("age", "text"), JOB, FORM), "age", "age is in dtype 'text' where it was 'number'"),
        ((Column("age", "number", unit="months"), JOB, FORM), "age", "age is in unit 'months' where it was 'years'"),
        ((Column("age", "number", unit="years", range=(0, 99)), JOB, FORM), "age", "has the range [0, 99]"),
        ((Column("age", "number", unit="years", range=(1, float("inf"))), JOB, FORM), "age", "where it had [0, None]"),
        ((AGE, Column("job", "category", categories=JOB.categories, unseen="accept"), FORM), "job", "longer be null"),
        ((AGE, Column("job", "category", categories=JOB.categories, nullable=True), FORM), "job", "an unseen category"),
        ((AGE, JOB, Column("form", "category", categories=("b", "c"))), "form", "form may no longer be a:"),
    ],
)  # fmt: skip
def test_a_request_that_is_no_longer_taken_is_refused_by_its_column(columns, subject: str, said: str):
    [verdict] = refusing(judged(compatibility, sent(*columns)))
    assert verdict.subject == subject and said in verdict.why
    assert "waive it" in verdict.next_step


def test_a_request_may_hold_more_than_before():
    wider = Column("form", "category", categories=("c", "b", "a"), nullable=True)
    free = Column("age", "number", unit="years", nullable=True)
    fewer = Column("job", "category", categories=("cook",), nullable=True, unseen="accept")
    assert not refusing(judged(compatibility, sent(free, fewer, wider, Column("height", "number", nullable=True))))


@pytest.mark.parametrize(
    ("new", "limits", "said"),
    [
        (
            {"training": {"at": "2025-03-01T10:00:00+00:00"}},
            {},
            "the model was trained 366 days ago; it must be 0 to 365.",
        ),
        ({"training": {"at": "2026-03-05T10:00:00+00:00"}}, {}, "the model was trained -3 days ago"),
        ({"newest": "2024-03-01"}, {}, "the newest row that the model was judged by is from 731 days ago"),
        ({}, {"most_days_of_reference": 28}, "is from 29 days ago; it must be 0 to 28."),
    ],
)
def test_what_is_too_old_or_from_the_future_is_refused(new, limits, said: str):
    [verdict] = refusing(judged(staleness, BUILT | new, **limits))
    assert said in verdict.why and verdict.next_step


def test_rows_without_a_time_cannot_be_too_old():
    _, reference = judged(staleness, BUILT | {"newest": None})
    assert reference.passed and reference.why == "the rows have no time, so none can be too old."
