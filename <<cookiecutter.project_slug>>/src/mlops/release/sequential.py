"""Confidence sequences: intervals that hold the truth at all looks together, however often and whenever one looks.

Bet against a supposed truth: the stake is multiplied by how much likelier the data are under a mixture of all truths.
The stake against the real truth is a martingale, so the chance that it ever reaches 1/α is at most α (Ville, 1939): the
truths whose stake is below 1/α are an interval for all times (Robbins, 1970; Howard, Ramdas, McAuliffe and Sekhon,
Annals of Statistics 49, 2021). The stakes of two arms are multiplied, and the interval of their difference is as far
as the pairs of truths reach whose product is below 1/α.
"""

from math import lgamma

import numpy as np

FEW = 50
"""The fewest values of an arm about whose mean anything is said."""
SCALE = 0.02
"""Squared width of the mixture of means in spreads: intervals of means are at their best after some hundred values."""
HALVINGS = 20
"""Leave an interval that is a little too wide, by less than a thousandth."""
LOG_PI = np.log(np.pi)
TINY = np.finfo(float).tiny

_lgamma = np.vectorize(lgamma, otypes=[float])


def shares(
    events: np.ndarray, of: np.ndarray, base_events: np.ndarray, base_of: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """By how much the chance of an event is above that of another arm: low and high ends, one for each pair of counts.

    The mixtures are Beta(1/2, 1/2); nothing is approximated. An arm without requests may have any chance.
    """
    k = np.array([events, base_events], float)
    rest = np.array([of, base_of], float) - k
    mixed = (_lgamma(k + 0.5) + _lgamma(rest + 0.5) - _lgamma(k + rest + 1) - LOG_PI).sum(0)
    low, high = _least(k, rest, -np.log(alpha) - mixed)
    return low, -high


def means(here: tuple[float, float, float], there: tuple[float, float, float], alpha: float) -> tuple[float, float]:
    """By how much a mean is above that of another arm, from how many values each has, their sum and sum of squares.

    For many values of any distribution with a variance, with a normal mixture (Waudby-Smith, Arbour, Sinha, Kennedy and
    Ramdas, Annals of Statistics 52, 2024). Nothing is excluded before each arm has FEW values.
    """
    of, total, squares = np.array([here, there], float).T
    if of.min() < FEW:
        return -np.inf, np.inf
    mean, spent = total / of, SCALE * of + 1
    variance = np.maximum(squares / of - mean**2, 0)
    limit = np.log(spent).sum() / 2 - np.log(alpha)
    width = np.sqrt(2 * limit * (variance * spent / (SCALE * of**2)).sum())
    return float(mean[0] - mean[1] - width), float(mean[0] - mean[1] + width)


def _least(k: np.ndarray, rest: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """The least difference of the chances of two arms, and of the two swapped, whose surprise is within the limit.

    What is within it is convex, so a Lagrange multiplier, the slope, leads along its lowest pairs: halve in on it.
    """
    flat, steep = np.full(k.shape, -10.0), np.full(k.shape, 60.0)
    for _ in range(HALVINGS):
        middle = (flat + steep) / 2
        over = _surprise(k, rest, *_chances(k, rest, middle)) >= limit
        flat, steep = np.where(over, flat, middle), np.where(over, middle, steep)
    below, above = _chances(k, rest, steep)
    return below - above


def _chances(k: np.ndarray, rest: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the log-likelihood of an arm rises, and where that of the other arm falls, by exp(slope)."""
    return _rising(k, rest, np.exp(slope)), 1 - _rising(rest[::-1], k[::-1], np.exp(slope))


def _rising(k: np.ndarray, rest: np.ndarray, slope: np.ndarray) -> np.ndarray:
    whole = k + rest + slope
    return 2 * k / (whole + np.sqrt(np.maximum(whole**2 - 4 * k * slope, 0)))


def _surprise(k: np.ndarray, rest: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Minus the log-likelihood of both arms, if `here` is the chance of one and `there` that of the other."""
    return _one(k, rest, here) + _one(k[::-1], rest[::-1], there)


def _one(k: np.ndarray, rest: np.ndarray, chance: np.ndarray) -> np.ndarray:
    return -k * np.log(np.maximum(chance, TINY)) - rest * np.log(np.maximum(1 - chance, TINY))
