"""Groups of people are not treated much unlike each other.

Groups are the values of each sensitive column, and of each pair of them. A gap between two groups is refused when it is
shown to be beyond its limit: when even the near end of its interval is, after a correction for all that is compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import Field

from mlops.contract.types import Column, Columns
from mlops.errors import Refused
from mlops.gates import limits
from mlops.gates.base import Context, Verdict, judged
from mlops.gates.cells import divided, foretold
from mlops.sections import Count, Positive, Share
from mlops.stats import Interval, means
from mlops.steps.rows import Rows
from mlops.words import counted

id, stage = "fairness", "model"

Criterion = Literal[
    "selection_rate", "selection_ratio", "true_positive_rate", "false_positive_rate", "mean_prediction", "calibration"
]
RATES: tuple[Criterion, ...] = get_args(Criterion)[:4]
CHOOSE = (
    "Let Predictor.predict say it in `decision`, or name the other criteria in gates.fairness.criteria and say why."
)
MEND = (
    "Mitigate it in training; or choose what fits the decision in gates.fairness.criteria and say why; or let it stand "
    "until a date in responsible_ai/waivers.yaml."
)


class Limits(limits.Limits):
    """How far any two groups may be apart. Rates are judged for a flag, and for each class of a category by itself."""

    criteria: Annotated[list[Criterion], Field(min_length=1)] = list(get_args(Criterion))
    """What is judged, as far as it applies to the label."""
    selection_rate: Positive = 0.1
    """The greatest difference between the shares that are selected."""
    selection_ratio: Share = 0.8
    """The least ratio of these shares, the lower by the higher: the four-fifths rule (EEOC, 1978)."""
    true_positive_rate: Positive = 0.1
    """The greatest difference between the shares of the positives that are selected."""
    false_positive_rate: Positive = 0.1
    """The greatest difference between the shares of the negatives that are selected."""
    mean_prediction: Positive = 0.5
    """The greatest difference between mean predictions of a number, in standard deviations of the label."""
    calibration: Positive = 0.05
    """The greatest difference between mean errors: score minus truth; of a number in its standard deviations."""
    least_rows: Count = 100
    """Groups are compared by a figure that rests on at least this many rows of each."""


@dataclass(frozen=True)
class Figures:
    """One figure by group: its values, their standard errors, and the rows that each rests on."""

    criterion: Criterion
    subject: str
    names: list[str]
    value: np.ndarray
    error: np.ndarray
    rows: np.ndarray


def measure(context: Context) -> list[Figures]:
    return compared(context.row.sensitive, *context.tested)


def compared(sensitive: Sequence[Column], label: Column, rows: Rows, predictions: Columns) -> list[Figures]:
    """Every figure, by each sensitive column and each pair of them."""
    found = []
    for cells in divided(sensitive, rows.groups):
        by, names = " and ".join(cells.by), [" and ".join(name) for name in cells.names]
        for criterion, of, values, among in figures(label, rows.y, predictions):
            known = means(values, rows.weight * among, cells.of)
            found.append(Figures(criterion, f"{criterion}{of} by {by}", names, *known))
    return found


def figures(label: Column, y: np.ndarray, predictions: Columns) -> Iterator[tuple[Criterion, str, np.ndarray, Any]]:
    """Criterion, class, the value of each row, and the rows among which it is averaged."""
    truth, said = foretold(label, y, predictions)
    if label.dtype == "number":
        yield "mean_prediction", "", said[:, 0] / y.std(), True
        yield "calibration", "", (said - truth)[:, 0] / y.std(), True
        return
    names = ("decision", "label") if label.dtype == "flag" else ("label",)
    chosen = next((predictions[name] for name in names if name in predictions), None)
    if chosen is not None and not np.isin(chosen, range(len(label.categories) or 2)).all():
        raise Refused("`decision` of a flag is 0 or 1, and `label` the code of a class: a prediction is another")
    for place, name in enumerate(label.categories or ("",)):
        of, true = f" of {name}" if name else "", truth[:, place] == 1
        if chosen is not None:
            selected = (chosen == (place if name else 1)).astype(float)
            yield "selection_rate", of, selected, True
            yield "selection_ratio", of, selected, True
            yield "true_positive_rate", of, selected, true
            yield "false_positive_rate", of, selected, ~true
        yield "calibration", of, said[:, place] - true, True


def check(measured: list[Figures], limits: Limits) -> Iterator[Verdict]:
    if not measured:
        yield Verdict(id, "groups", None, None, True, "no column of ROW is sensitive: there are no groups to compare.")
    known = {figures.criterion for figures in measured}
    if "calibration" in known and known.isdisjoint({"mean_prediction", *RATES}):
        for criterion in [each for each in limits.criteria if each in RATES]:
            why = f"{criterion} was not measured: predictions do not say who is selected."
            yield Verdict(id, criterion, None, getattr(limits, criterion), False, why, CHOOSE)
    asked = [figures for figures in measured if figures.criterion in limits.criteria]
    yield from (_judge(figures, limits, len(asked)) for figures in asked)


def _judge(figures: Figures, limits: Limits, verdicts: int) -> Verdict:
    """On the two groups that are furthest apart, by the end of the interval that is judged."""
    subject, limit = figures.subject, getattr(limits, figures.criterion)
    large = np.flatnonzero(figures.rows >= limits.least_rows).tolist()
    small = len(figures.names) - len(large)
    left = f" Not judged: {counted(small, 'group')} of fewer than {limits.least_rows} rows." if small else ""
    pairs = list(combinations(sorted(large, key=lambda group: -figures.value[group]), 2))
    if not pairs:
        return Verdict(id, subject, None, limit, True, f"{subject}: no two groups are large enough to compare.{left}")
    gaps = {pair: gap(figures, *pair, verdicts * len(pairs)) for pair in pairs}
    rule, worst = "at most", max(gaps, key=lambda pair: gaps[pair].low or 0)
    if figures.criterion == "selection_ratio":
        rule, worst = "at least", min(gaps, key=lambda pair: gaps[pair].high or 0)
    what = f"{subject}, {figures.names[worst[0]]} against {figures.names[worst[1]]},"
    verdict = judged(id, MEND, what, gaps[worst], rule, limit, show="bad")
    return replace(verdict, subject=subject, why=verdict.why + left)


def gap(figures: Figures, high: int, low: int, comparisons: int) -> Interval:
    """The difference between two groups, or the ratio of the lower figure to the higher.

    A group in which all are alike is not sure to be so: the error of its figure is at least one in its rows, which
    gives about the interval of the rule of three (Hanley and Lippman-Hand, 1983).
    """
    value, error = figures.value, np.maximum(figures.error, 1 / np.maximum(figures.rows, 1))
    if figures.criterion != "selection_ratio":
        return Interval.normal(value[high] - value[low], np.hypot(error[high], error[low]), comparisons)
    most = max(value[high], error[high])
    ratio = value[low] / most
    return Interval.normal(ratio, np.hypot(error[low], ratio * error[high]) / most, comparisons)
