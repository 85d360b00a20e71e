"""Intervals that hold at all looks together: against brute force, and by simulation with a truth that is known."""

from math import lgamma, log, pi

import numpy as np
import pytest

from mlops.release.sequential import FEW, means, shares

ALPHA = 0.05


def brute_force(k: int, n: int, base_k: int, base_n: int, alpha: float) -> tuple[float, float]:
    """The definition: of all pairs of truths those whose stakes multiply to less than 1/α."""
    chances = np.linspace(1e-5, 1 - 1e-5, 2001)

    def stake(k: int, n: int) -> np.ndarray:
        mixed = lgamma(k + 0.5) + lgamma(n - k + 0.5) - lgamma(n + 1) - log(pi)
        return mixed - k * np.log(chances) - (n - k) * np.log(1 - chances)

    left = stake(k, n)[:, None] + stake(base_k, base_n) < -log(alpha)
    differences = (chances[:, None] - chances)[left]
    return differences.min(), differences.max()


COUNTS = [(30, 1000, 10, 1000), (0, 50, 5, 500), (50, 50, 0, 40), (0, 0, 3, 10), (3, 10, 0, 0), (400, 900, 200, 5000)]


@pytest.mark.parametrize("alpha", [0.05, 0.0005])
def test_the_ends_are_those_of_the_definition(alpha):
    k, n, base_k, base_n = np.array(COUNTS).T
    low, high = shares(k, n, base_k, base_n, np.full(len(COUNTS), alpha))
    expected = np.array([brute_force(*counts, alpha) for counts in COUNTS])
    np.testing.assert_allclose(np.array([low, high]).T, expected, atol=1.1e-3)


def arms(chance: float, base: float, streams: int = 400, looks: int = 100, each: int = 20) -> tuple[np.ndarray, ...]:
    """Counts so far at each look, of many independent pairs of arms; the base is asked five times as often."""
    rng = np.random.default_rng(7)
    k = rng.binomial(each, chance, (streams, looks)).cumsum(1)
    base_k = rng.binomial(5 * each, base, (streams, looks)).cumsum(1)
    n = np.broadcast_to(each * np.arange(1, looks + 1), k.shape)
    return k, n, base_k, 5 * n


def ever_outside(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    return float(((low > truth) | (high < truth)).any(1).mean())


@pytest.mark.parametrize(("chance", "base"), [(0.02, 0.02), (0.5, 0.5), (0.3, 0.1)])
def test_a_difference_is_ever_outside_at_most_as_often_as_promised(chance, base):
    k, n, base_k, base_n = arms(chance, base)
    flat = [each.ravel() for each in (k, n, base_k, base_n, np.full(k.shape, ALPHA))]
    low, high = (end.reshape(k.shape) for end in shares(*flat))
    assert ever_outside(low, high, chance - base) <= ALPHA
    gap, error = k / n - base_k / base_n, np.sqrt(k / n * (1 - k / n) / n + base_k / base_n / base_n)
    assert ever_outside(gap - 1.96 * error, gap + 1.96 * error, chance - base) > 4 * ALPHA


def test_copies_of_the_same_requests_are_no_harm():
    """Both arms fail at the same requests, more than by chance: what is between them is then seen as less sure."""
    rng = np.random.default_rng(8)
    hard = rng.random((300, 2000)) < 0.1
    here, there = (rng.random(hard.shape) < np.where(hard, 0.8, 0.02) for _ in range(2))
    k, base_k = (each.cumsum(1)[:, 19::20] for each in (here, there))
    n = np.broadcast_to(np.arange(20, 2001, 20), k.shape)
    low, high = shares(k.ravel(), n.ravel(), base_k.ravel(), n.ravel(), np.full(k.size, ALPHA))
    assert ever_outside(low.reshape(k.shape), high.reshape(k.shape), 0.0) <= ALPHA


def test_against_an_arm_without_requests_the_chance_itself_is_bounded():
    low, high = shares(*np.array([[30], [1000], [0], [0], [ALPHA]]))
    assert 0.01 < low[0] + 1 < 0.03 < high[0] < 0.06


def so_far(values: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Number, sum and sum of squares at each look."""
    sums = (np.full(values.shape, 1.0).cumsum(1), values.cumsum(1), (values**2).cumsum(1))
    return np.stack([each[:, looks - 1] for each in sums], axis=-1)


def test_a_difference_of_means_is_ever_outside_at_most_as_often_as_promised():
    """Squared errors are skewed; at FEW of them the interval, which is one for many, must hold already."""
    rng, looks = np.random.default_rng(9), np.arange(FEW, 1000, 10)
    here, there = (so_far(-(rng.standard_normal((200, 1000)) ** 2), looks) for _ in range(2))
    ends = np.array(
        [[means(a, b, ALPHA) for a, b in zip(*pair, strict=True)] for pair in zip(here, there, strict=True)]
    )
    assert ever_outside(ends[..., 0], ends[..., 1], 0.0) <= ALPHA


def test_a_mean_that_is_lower_is_shown_and_nothing_is_said_of_a_few_values():
    rng = np.random.default_rng(10)
    here, there = (so_far(rng.normal(mean, 1, (1, 2000)), np.array([FEW - 1, 2000]))[0] for mean in (0.0, 0.5))
    low, high = means(there[1], here[1], 0.001)
    assert 0.2 < low < 0.5 < high < 0.8
    assert means(there[0], here[1], ALPHA) == (-np.inf, np.inf)
