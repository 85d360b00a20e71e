"""Predictions must hold under small noise, holes and another order of rows, and stay sane on the oddest of values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops.contract.types import Column, Columns
from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.gates.predictions import Difference, difference, holed, some_of
from mlops.sections import Share

id, stage = "robustness", "model"

ROWS, ODD_ROWS = 2_000, 50
NOISE = 0.01
"""Standard deviation of the noise, as a share of that of the column."""
APART, FLIPS = 1e-6, 0.001
"""What another order of the sums in a prediction may change."""
ENDS = {"number": (-1e300, 1e300), "time": (-2.2e9, 4.1e9)}
"""The oddest values of a column without a range; times from 1900 to 2099."""

NOISY = "The model cuts too finely: give it less freedom, such as larger leaves or fewer rounds, or band the column."
HOLE = "Fill the hole in features.py, or say in contract.py that callers must send the value."
ORDER = "A prediction may depend on its own row only: see what features.py and predict.py take from other rows."
INSANE = "Give the column a range in contract.py, or bound the figure in features.py or predict.py."


class Limits(limits.Limits):
    most_flips: Share = 0.05
    """The greatest share of rows that noise on all numbers, of 1 % of their deviation, may decide otherwise."""
    most_flips_of_a_hole: Share = 0.3
    """The greatest share of rows that may be decided otherwise when one column is not known, or unseen, in all rows."""


@dataclass(frozen=True)
class Measured:
    """`insane` says by the kind of rows what is wrong with their predictions, of `odd` kinds in all."""

    noise: Difference
    order: Difference
    holes: Sequence[Difference]
    odd: int
    insane: Mapping[str, str]


def measure(context: Context) -> Measured:
    predictor, features, label = context.predictor, context.row.features, context.label
    x = some_of(context.rows("test").x, ROWS)
    few = some_of(x, ODD_ROWS)
    with np.errstate(all="ignore"):
        usual, back = predictor.predict(x), reverse(predictor.predict(reverse(x)))
        odd = dict([("as they are", few), *holed(few, features), *extremes(few, features)])
        return Measured(
            difference(predictor.predict(shaken(x, features)), usual, "with small noise"),
            difference(back, usual, "in another order"),
            [difference(predictor.predict(columns), usual, where) for where, columns in holed(x, features)],
            len(odd),
            {where: what for where, columns in odd.items() if (what := wrong(predictor, columns, label))},
        )


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    yield _flips("small noise", measured.noise, limits.most_flips, NOISY)
    order = measured.order
    yield Verdict(id, "order of rows", order.flips, FLIPS, order.within(APART, FLIPS), f"{order}.", ORDER)
    ordered = sorted(measured.holes, key=lambda each: each.flips)
    for each in [each for each in ordered if each.flips > limits.most_flips_of_a_hole] or ordered[-1:]:
        yield _flips(each.where.removeprefix("where "), each, limits.most_flips_of_a_hole, HOLE)
    for where, what in measured.insane.items():
        yield Verdict(id, where, None, None, False, f"rows {where}: {what}.", INSANE)
    if not measured.insane:
        why = f"on {measured.odd} kinds of odd rows every figure is finite and every probability in 0 to 1."
        yield Verdict(id, "odd rows", 0, 0, True, why)


def _flips(subject: str, found: Difference, most: float, mend: str) -> Verdict:
    why = f"{found.flips:.1%} of the rows are decided otherwise {found.where}; at most {most:.1%} may be."
    return Verdict(id, subject, found.flips, most, found.flips <= most, why, mend)


def reverse(columns: Columns) -> Columns:
    return {name: values[::-1] for name, values in columns.items()}


def shaken(x: Columns, features: Sequence[Column], seed: int = 0) -> Columns:
    """The rows with noise on every number and time, kept within the contract's range.

    A value that most rows share says that there is nothing, as in no gains, and stays.
    """
    rng, noisy = np.random.default_rng(seed), dict(x)
    for column in features:
        if column.dtype in ENDS:
            values = x[column.name]
            known = np.isfinite(values)
            shared = values == (np.median(values[known]) if known.any() else np.nan)
            moving = known & ~shared if shared.mean() > 0.5 else known
            noise = rng.normal(0, NOISE, len(values)) * (values[moving].std() if moving.any() else 0)
            noisy[column.name] = np.clip(values + noise * moving, *(column.range or (-np.inf, np.inf)))
    return noisy


def extremes(x: Columns, features: Sequence[Column]) -> Iterator[tuple[str, Columns]]:
    """The rows with one column, then all, at the ends of what callers may send; denormal; and all rows alike."""
    ends: dict[str, list[float]] = {}
    for column in features:
        if column.dtype in ENDS:
            low, high = np.clip(column.range or ENDS[column.dtype], *ENDS[column.dtype])
            ends[column.name] = [low, high, float(np.clip(5e-324, low, high))]
    for place, what in enumerate(("lowest", "highest", "smallest")):
        every = {name: np.full_like(x[name], three[place]) for name, three in ends.items()}
        yield f"where every number is the {what}", {**x, **every}
        for name, values in every.items():
            yield f"where {name} is the {what}", {**x, name: values}
    yield "that are all alike", {name: np.repeat(values[:1], len(values)) for name, values in x.items()}


def wrong(predictor: Any, x: Columns, label: Column) -> str:
    """What is wrong with predictions and reasons: no finite number, or no probability; nothing if they are sane."""
    said = {**predictor.predict(x), **(predictor.explain(x) if hasattr(predictor, "explain") else {})}
    for name, values in said.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"{name} is not a finite number"
        if name.startswith("score") and label.dtype != "number" and not ((values >= 0) & (values <= 1)).all():
            return f"{name} is outside of 0 to 1"
    return ""
