"""The cheapest candidate within the noise of the best: quality, latency and cost together."""

from types import SimpleNamespace

import numpy as np
import pytest

from mlops.stats import Interval
from mlops.steps.choose import Candidate, cheapest, explained, measured
from mlops.steps.rows import Rows

BEST = Candidate("large", 0.930, None, latency_us=90, cost_s=30)
AS_GOOD = Candidate("medium", 0.929, Interval(0.001, -0.001, 0.003), latency_us=20, cost_s=14)
CHEAPER = Candidate("small", 0.928, Interval(0.002, -0.0001, 0.004), latency_us=10, cost_s=2)
WORSE = Candidate("tiny", 0.900, Interval(0.030, 0.02, 0.04), latency_us=5, cost_s=1)
UNKNOWN = Candidate("odd", 0.930, Interval(0.0, None, None), latency_us=1, cost_s=0.1)


@pytest.mark.parametrize(
    ("candidates", "most_us", "name"),
    [
        ([BEST], 100, "large"),
        ([BEST, AS_GOOD, CHEAPER, WORSE], 100, "small"),
        ([BEST, AS_GOOD, WORSE], 100, "medium"),
        ([BEST, WORSE], 100, "large"),
        ([BEST, UNKNOWN], 100, "large"),
        ([BEST, AS_GOOD, CHEAPER], 15, "small"),
        ([BEST, AS_GOOD, CHEAPER, WORSE], 1, "small"),
    ],
    ids=["alone", "cheapest of the good", "not the worse", "best when all are worse", "unknown is not good",
         "fast enough", "fastest when none is fast enough"],
)  # fmt: skip
def test_the_cheapest_of_those_as_good_as_the_best_is_chosen(candidates, most_us, name):
    assert cheapest(candidates, most_us).name == name


def test_the_choice_is_explained_in_a_sentence():
    everyone = [BEST, AS_GOOD, CHEAPER, WORSE]
    said = explained(CHEAPER, everyone, "auc")
    assert said.startswith("small is chosen: its auc of 0.9280 is within the noise of the best, large with 0.9300")
    assert "no cheaper candidate is as good in auc" in explained(BEST, [BEST, WORSE], "auc")


def test_candidates_are_measured_on_the_same_rows_the_best_first():
    y = np.tile([0, 1, 1], 200)
    rows = Rows({"a": y.astype(float)}, y, np.ones(600), {}, {})

    def hits(y, predictions, weight) -> float:
        return float(np.average(predictions["score"] == y, weights=weight))

    def guessing(rate: float) -> SimpleNamespace:
        wrong = np.arange(600) < 600 * rate
        return SimpleNamespace(predict=lambda x: {"score": np.where(wrong[: len(x["a"])], 1 - x["a"], x["a"])})

    best, near, bad = measured({"bad": guessing(0.3), "best": guessing(0), "near": guessing(0.002)}, hits, rows)
    assert (best.name, best.metric, best.behind, best.as_good) == ("best", 1, None, True)
    assert (near.name, near.as_good) == ("near", True)
    assert near.behind and near.behind.value == pytest.approx(0.002, abs=0.002)
    assert (bad.name, bad.as_good) == ("bad", False)
    assert all(each.latency_us > 0 and each.cost_s > 0 for each in (best, near, bad))
