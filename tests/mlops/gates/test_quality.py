"""The gate on a model: judged at the worse end of each interval, and refused for whatever was not measured."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.gates.base import Context, Verdict
from mlops.gates.quality import Limits, check, measure


def interval(low: float | None, high: float | None) -> dict[str, float | None]:
    value = None if low is None or high is None else (low + high) / 2
    return {"value": value, "low": low, "high": high}


GOOD: dict[str, Any] = {
    "metrics": {"auc": interval(0.91, 0.93), "brier": interval(0.08, 0.1)},
    "baselines": {
        "majority": {"difference": {"auc": interval(0.4, 0.44), "brier": interval(-0.1, -0.08)}},
        "logistic": {"difference": {"auc": interval(0.01, 0.03), "brier": interval(-0.03, -0.01)}},
    },
    "outcome": {**interval(950, 970), "today": interval(740, 780), "difference": interval(180, 220)},
}
LIMITS = Limits(floors={"auc": 0.9}, ceilings={"brier": 0.12}, beats_baselines_on=["auc", "brier"], reason="tried")


def judged(evaluation: dict[str, Any], limits: Limits = LIMITS) -> list[Verdict]:
    known: Any = SimpleNamespace(outcome=SimpleNamespace(go=900))
    return list(check(measure(Context(settings=known, contracts={}, evaluation=evaluation)), limits))


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The good evaluation with the value at a path changed, or gone if it becomes None."""
    evaluation = deepcopy(GOOD)
    inner = evaluation
    for key in path[:-1]:
        inner = inner[key]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return evaluation


def test_a_good_model_passes_every_verdict():
    verdicts = judged(GOOD)
    assert [verdict.subject for verdict in verdicts if verdict.passed] == [
        "auc",
        "brier",
        "auc minus that of majority",
        "auc minus that of logistic",
        "brier minus that of majority",
        "brier minus that of logistic",
        "outcome",
        "outcome minus that of today",
    ]
    assert len(verdicts) == 8
    assert verdicts[0].why == "auc is 0.92 (0.91 to 0.93); the low end must be at least 0.9."


@pytest.mark.parametrize(
    ("path", "value", "subject"),
    [
        (("metrics", "auc"), interval(0.89, 0.99), "auc"),
        (("metrics", "brier"), interval(0.01, 0.13), "brier"),
        (("baselines", "logistic", "difference", "auc"), interval(0.0, 0.2), "auc minus that of logistic"),
        (("baselines", "logistic", "difference", "brier"), interval(-0.2, 0.0), "brier minus that of logistic"),
        (("outcome",), {**GOOD["outcome"], **interval(899, 999)}, "outcome"),
        (("outcome", "difference"), interval(-1, 90), "outcome minus that of today"),
        (("metrics", "auc"), None, "auc"),
        (("metrics", "auc"), interval(None, None), "auc"),
        (("metrics", "auc"), {"value": 0.95, "low": None, "high": None}, "auc"),
        (("baselines", "majority", "difference", "auc"), None, "auc minus that of majority"),
        (("outcome", "difference"), None, "outcome minus that of today"),
        (("baselines",), {}, "baselines"),
    ],
)
def test_what_is_too_low_or_was_not_measured_is_refused_alone(path, value, subject):
    refusing = [verdict for verdict in judged(changed(*path, to=value)) if not verdict.passed]
    assert [verdict.subject for verdict in refusing] == [subject]
    assert refusing[0].next_step


def test_without_limits_of_its_own_the_gate_refuses():
    refusing = {verdict.subject for verdict in judged(GOOD, Limits()) if not verdict.passed}
    assert refusing == {"limits", "baselines"}


def test_where_there_is_no_process_today_the_limits_may_say_so():
    limits = LIMITS.model_copy(update={"beats_today": False})
    assert all(verdict.passed for verdict in judged(changed("outcome", "difference", to=None), limits))


@pytest.mark.parametrize("limits", [{}, {"floors": {"auc": 0.9}, "ceilings": {"auc": 0.9}}])
def test_a_metric_to_beat_baselines_on_says_whether_more_is_better(limits):
    with pytest.raises(ValueError, match="`auc` needs a floor or a ceiling"):
        Limits(beats_baselines_on=["auc"], **limits)


def test_a_misspelt_metric_and_a_missing_process_of_today_are_said_with_their_mend():
    [misspelt] = judged(GOOD, LIMITS.model_copy(update={"floors": {"acu": 0.9}, "beats_baselines_on": ["brier"]}))[:1]
    assert not misspelt.passed and "has no `acu`: did you mean `auc`?" in misspelt.next_step
    [today] = [verdict for verdict in judged(changed("outcome", "difference", to=None)) if not verdict.passed]
    assert "gates.quality.beats_today" in today.next_step
