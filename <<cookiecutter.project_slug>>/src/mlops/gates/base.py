"""What every gate shares: it measures, then judges the measurements against limits."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlops.contract.types import Column, Columns, Contract
from mlops.errors import Refused
from mlops.stats import Interval
from mlops.words import counted

if TYPE_CHECKING:
    import polars as pl

    from mlops.gates.limits import Limits
    from mlops.settings import Settings
    from mlops.steps.rows import Rows

Stage = Literal["data", "model", "release"]
RULES = {
    "at least": ("low", "high", operator.ge),
    "at most": ("high", "low", operator.le),
    "above": ("low", "high", operator.gt),
    "below": ("high", "low", operator.lt),
}
UNDEFINED = "It has no value on these rows: see how many there are, and how evaluate.py measures it."


@dataclass(frozen=True)
class Verdict:
    """One judgement. `why` and `next_step` are sentences for the person who reads them."""

    gate: str
    subject: str
    measured: float | Interval | str | None
    limit: float | str | None
    passed: bool
    why: str
    next_step: str = ""
    waiver: str | None = None
    figure: float | None = None
    """The number that was held against the limit: of an interval one of its ends."""

    @property
    def stands(self) -> bool:
        """Whether the stage may go on as far as this verdict is concerned."""
        return self.passed or self.waiver is not None


def judged(
    gate: str,
    mend: str,
    subject: str,
    interval: Interval | None,
    rule: str,
    limit: float,
    absent: str = UNDEFINED,
    show: Literal["good", "bad"] = "good",
) -> Verdict:
    """A verdict on an interval, by a rule of RULES; `mend` is the next step when it does not pass.

    It is the one way in which all gates judge intervals, so that they sound alike.
    The model must be shown to be good: the end that is worse for it decides. Or a fault must be shown to be there, as
    where many things are looked at: then the other end decides. What was not measured, or has no such end, does not
    pass.
    """
    worse, better, holds = RULES[rule]
    which = worse if show == "good" else better
    end = getattr(interval, which, None)
    if end is None:
        why = f"{subject} was not measured, and must be {rule} {limit:g}."
        return Verdict(gate, subject, None, limit, False, why, UNDEFINED if interval else absent)
    passed, within = holds(end, limit), interval and interval.value is not None and holds(interval.value, limit)
    doubt = " It may be beyond: more rows will tell." if passed and not within else ""
    why = f"{subject} is {interval}; the {which} end must be {rule} {limit:g}.{doubt}"
    return Verdict(gate, subject, interval, limit, passed, why, mend, figure=end)


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many there are, and how many of them passed, are waived and refuse, in words."""
    refusing = sum(not verdict.stands for verdict in verdicts)
    passed = sum(verdict.passed for verdict in verdicts)
    parts = {"passed": passed, "waived": len(verdicts) - passed - refusing, "refused": refusing}
    said = ", ".join(f"{count} {how}" for how, count in parts.items() if count)
    return f"{counted(len(verdicts), 'verdict')}: {'all passed' if passed == len(verdicts) else said}"


def read_verdicts(held: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts of what a `verdicts.json` holds."""
    return [Verdict(**verdict) for verdict in held["verdicts"]]


@dataclass(frozen=True)
class Context:
    """All that a gate may look at, as far as the step was given it.

    Stage data has `sources` (raw tables by name), stage model also `evaluation` (metrics.json) and in `files` the
    folders `rows`, `model`, `retrained` and, where a model is in service, `champion`. `contracts` are SOURCES, `row`
    is ROW; `package` holds the modules of the model package, `responsible_ai` is that folder of the project. Stage
    release has `evaluation` and, where a model is in service, `champion_evaluation`: what was measured when each was
    built.
    """

    settings: Settings
    contracts: Mapping[str, Contract]
    row: Contract = Contract()
    package: Any = None
    sources: Mapping[str, Path] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    champion_evaluation: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    responsible_ai: Path | None = None
    environment: str = "local"
    today: date = field(default_factory=date.today)

    @property
    def label(self) -> Column:
        return next(column for column in self.row if column.role == "label")

    @cached_property
    def prepared(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Train and test rows as the step prepare makes them of the sources."""
        from mlops.steps.rows import prepared

        return prepared(self.package, self.sources, self.settings.training.test_share)

    def rows(self, part: Literal["train", "test"]) -> Rows:
        """The rows that the model learnt from, or that no training saw."""
        from mlops.steps.rows import read

        return read(self.files["rows"] / f"{part}.parquet", self.row)

    @cached_property
    def tested(self) -> tuple[Column, Rows, Columns]:
        """The label, the rows that no training saw, and what the model predicts for them.

        Raises Refused when the label never differs, by which nothing can be judged.
        """
        rows = self.rows("test")
        if (rows.y == rows.y[0]).all():
            raise Refused("the label is the same in all test rows: fetch more rows, or raise training.test_share")
        return self.label, rows, self.predictor.predict(rows.x)

    @cached_property
    def predictor(self) -> Any:
        return self.package.predict.Predictor.load(self.files["model"])


class Gate(Protocol):
    """What a gate file holds. `check` is pure: the same measurements and limits give the same verdicts."""

    id: str
    stage: Stage
    Limits: type[Limits]

    def measure(self, context: Context) -> Any: ...

    def check(self, measured: Any, limits: Any) -> Iterator[Verdict]: ...
