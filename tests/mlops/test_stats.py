"""Intervals hold the truth as often as they promise, by simulation with a truth that is known."""

from math import erf

import numpy as np
import pytest

from mlops.stats import Interval, apart, bootstrap, drawn, means, paired


def mean(y, predictions, weight):
    return float(np.average(predictions["score"], weights=weight))


def auc(y, predictions, weight):
    order = np.argsort(predictions["score"])
    positive, negative = (weight * y)[order], (weight * (1 - y))[order]
    below = np.cumsum(negative)
    return float((positive * below).sum() / (positive.sum() * below[-1])) if y.any() and below[-1] else float("nan")


def accuracy(y, predictions, weight):
    return float(np.average(predictions["decision"] == y, weights=weight))


def ends(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None and interval.high is not None
    return interval.low, interval.high


def width(interval: Interval) -> float:
    low, high = ends(interval)
    return high - low


def covered(truth: float, intervals: list[Interval]) -> float:
    return float(np.mean([low <= truth <= high for low, high in map(ends, intervals)]))


def test_intervals_hold_the_known_truth_19_times_in_20():
    rng = np.random.default_rng(7)
    means, aucs = [], []
    for study in range(300):
        y = rng.integers(0, 2, 200)
        predictions = {"score": rng.normal(y, 1)}
        found = bootstrap({"mean": mean, "auc": auc}, y, predictions, np.ones(200), seed=study)
        means.append(found["mean"])
        aucs.append(found["auc"])
    assert 0.91 <= covered(0.5, means) <= 0.98
    assert 0.91 <= covered((1 + erf(0.5)) / 2, aucs) <= 0.98


def test_intervals_of_weighted_rows_hold_the_truth_of_the_population():
    rng = np.random.default_rng(8)
    found = []
    for study in range(300):
        group = rng.random(300) < 0.8
        score = rng.normal(np.where(group, 0.0, 1.0), 1)
        weight = np.where(group, 0.5 / 0.8, 0.5 / 0.2)
        found.append(bootstrap({"mean": mean}, np.zeros(300), {"score": score}, weight, seed=study)["mean"])
    assert 0.91 <= covered(0.5, found) <= 0.98


def test_paired_intervals_of_no_difference_hold_zero_19_times_in_20():
    rng = np.random.default_rng(9)
    found = []
    for study in range(300):
        y = rng.normal(size=200)
        a, b = ({"score": y + rng.normal(0, 0.3, 200)} for _ in "ab")
        found.append(paired({"mean": mean}, y, a, b, np.ones(200), seed=study)["mean"])
    assert 0.91 <= covered(0.0, found) <= 0.98


def test_a_paired_difference_is_surer_than_two_intervals_apart():
    rng = np.random.default_rng(10)
    y = rng.integers(0, 2, 2000)
    score = rng.normal(y, 1)
    a, b = {"score": score}, {"score": score + rng.normal(0, 0.3, 2000)}
    apart = [bootstrap({"auc": auc}, y, each, np.ones(2000))["auc"] for each in (a, b)]
    difference = paired({"auc": auc}, y, a, b, np.ones(2000))["auc"]
    assert difference.value == pytest.approx(auc(y, a, np.ones(2000)) - auc(y, b, np.ones(2000)))
    assert ends(difference)[0] > 0
    assert ends(apart[0])[0] < ends(apart[1])[1]
    assert width(difference) < 0.5 * sum(map(width, apart))


def test_a_model_against_itself_differs_by_exactly_nothing():
    y, predictions = np.arange(50) % 2, {"score": np.arange(50.0)}
    assert paired({"auc": auc}, y, predictions, predictions, np.ones(50))["auc"] == Interval(0, 0, 0)


def test_a_weight_counts_as_that_many_rows():
    y, decision = np.array([0, 1, 1]), {"decision": np.array([0, 0, 1])}
    weighted = bootstrap({"accuracy": accuracy}, y, decision, np.array([1.0, 2.0, 3.0]))["accuracy"]
    assert weighted.value == pytest.approx(4 / 6)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    y, predictions = np.zeros(100), {"score": np.random.default_rng(0).normal(size=100)}
    first, again, other = (bootstrap({"m": mean}, y, predictions, np.ones(100), seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_a_metric_alone_sees_the_resamples_that_it_sees_beside_others():
    y, predictions = np.arange(60) % 2, {"score": np.random.default_rng(0).normal(size=60)}
    beside = bootstrap({"auc": auc, "mean": mean}, y, predictions, np.ones(60))["mean"]
    assert bootstrap({"mean": mean}, y, predictions, np.ones(60))["mean"] == beside


def test_a_metric_without_a_value_has_no_interval():
    found = bootstrap({"auc": auc}, np.ones(50), {"score": np.arange(50.0)}, np.ones(50))["auc"]
    assert found == Interval(None, None, None)
    assert str(found) == "unknown (unknown to unknown)"


@pytest.mark.parametrize(("positives", "known"), [(1, False), (10, True)])
def test_a_metric_undefined_on_many_resamples_has_a_value_without_ends(positives, known):
    def share(y, predictions, weight):
        return float((weight * y).sum() / weight.sum()) if (weight * y).any() else float("nan")

    y = (np.arange(100) < positives).astype(float)
    found = bootstrap({"share": share}, y, {}, np.ones(100))["share"]
    assert found.value == positives / 100
    assert (found.low is not None, found.high is not None) == (known, known)


def test_an_interval_holds_its_value_where_all_resamples_lie_above_it():
    y = np.tile([0.0, 1.0], 20)
    distance = {"distance": lambda y, _, weight: abs(np.average(y, weights=weight) - 0.5)}
    found = bootstrap(distance, y, {}, np.ones(40))["distance"]
    assert (found.value, found.low) == (0, 0)
    assert found.high is not None and found.high > 0


def test_means_within_cells_have_the_errors_that_drawing_again_comes_to():
    random = np.random.default_rng(11)
    cell, weight = random.integers(0, 3, 600), random.uniform(0.2, 3, 600)
    values = random.normal(cell, 1 + cell)
    found, error, rows = means(values, weight, cell)
    draws = np.array([means(values, resample, cell)[0] for resample in drawn(weight, resamples=1000)])
    assert found == pytest.approx([np.average(values[cell == c], weights=weight[cell == c]) for c in range(3)])
    assert error == pytest.approx(draws.std(axis=0), rel=0.1)
    assert rows.sum() == 600


def test_a_row_without_weight_is_in_no_mean_and_a_cell_of_such_rows_has_none():
    found, error, rows = means(np.array([1.0, 5.0, 7.0]), np.array([1.0, 0.0, 0.0]), np.array([0, 0, 1]))
    assert (found[0], error[0], rows.tolist()) == (1, 0, [1, 0])
    assert np.isnan(found[1]) and np.isnan(error[1])


def test_intervals_for_many_comparisons_hold_together_19_times_in_20():
    random, held = np.random.default_rng(12), []
    for _ in range(400):
        every = [Interval.normal(value, 1, comparisons=20) for value in random.normal(0, 1, 20)]
        held.append(all(low <= 0 <= high for low, high in map(ends, every)))
    assert 0.92 <= np.mean(held) <= 0.98
    assert ends(Interval.normal(0, 1)) == pytest.approx((-1.96, 1.96), abs=0.001)


@pytest.mark.parametrize("spread", [(1.0, 1.0), (1.0, 3.0)])
def test_the_difference_of_two_estimates_holds_the_truth_as_often_as_it_promises(spread: tuple[float, float]):
    """Of two normal means that are 0.5 apart, each with its own exact interval."""
    rng, rounds = np.random.default_rng(5), 4000
    held = 0
    for one, other in rng.normal((0.5, 0), spread, (rounds, 2)):
        low, high = ends(apart(Interval.normal(one, spread[0]), Interval.normal(other, spread[1])))
        held += low <= 0.5 <= high
    assert 0.94 <= held / rounds <= 0.96


def test_a_difference_to_something_unknown_is_unknown():
    known, valued = Interval(2.0, 1.0, 4.0), Interval(1.0, None, None)
    assert apart(known, valued) == Interval(1.0, None, None)
    assert apart(known, Interval(None, None, None)) == Interval(None, None, None)
    assert apart(known, known) == Interval(0.0, -(5**0.5), 5**0.5)
