"""What the model says is what happens: the expected calibration error keeps its limit at the high end of its interval.

In ten bins of equally many rows, the mean distance between what is said and what happens: of a flag, score and share,
the rarer the nearer they must be; of a category, score of the class that is named and how often it is right (Guo and
others, 2017); of a number, the mean prediction and the mean value, in standard deviations of the label.
"""

from collections.abc import Iterator

import numpy as np

from mlops.gates import limits
from mlops.gates.base import Context, Verdict, judged
from mlops.gates.cells import foretold
from mlops.sections import Positive
from mlops.stats import Interval, drawn

id, stage = "calibration", "model"

BINS = 10
MEND = (
    "Calibrate the scores on rows that the model did not learn from; fetch more rows where the interval is wide; or "
    "change gates.calibration.most and say why."
)


class Limits(limits.Limits):
    most: Positive = 0.1
    """The greatest expected calibration error: of a flag in units of twice its standard deviation, which is 1 where
    half of the rows are positive and 0.28 where one in fifty is; of a number in its standard deviations."""


def measure(context: Context) -> Interval:
    label, rows, predictions = context.tested
    truth, said = foretold(label, rows.y, predictions)
    named = np.arange(len(said)), said.argmax(axis=1)
    scale = {"flag": 2 * rows.y.std(), "number": rows.y.std()}.get(label.dtype, 1)
    return expected_error(truth[named] / scale, said[named] / scale, rows.weight)


def expected_error(truth: np.ndarray, said: np.ndarray, weight: np.ndarray) -> Interval:
    """With about half of what chance adds to it taken off, by the bootstrap: the fewer rows, the more that is.

    The normal interval corrected for bias (Davison and Hinkley, Bootstrap Methods, 1997, section 5.2).
    """
    edges = np.unique(np.quantile(said, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins, excess = np.searchsorted(edges, said, side="right"), said - truth

    def error(weight: np.ndarray) -> float:
        return np.abs(np.bincount(bins, weight * excess)).sum() / weight.sum()

    value, draws = error(weight), [error(resample) for resample in drawn(weight)]
    return Interval.normal(max(0.0, 2 * value - float(np.mean(draws))), float(np.std(draws)))


def check(measured: Interval, limits: Limits) -> Iterator[Verdict]:
    yield judged(id, MEND, "expected calibration error", measured, "at most", limits.most)
