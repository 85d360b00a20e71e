"""What every gate shares: it measures, then judges the measurements against limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlops.contract.types import Contract
from mlops.stats import Interval
from mlops.words import counted

if TYPE_CHECKING:
    from mlops.gates.limits import Limits
    from mlops.settings import Settings

Stage = Literal["data", "model", "release"]
Measurements = Mapping[str, Any]
"""What a gate found out, by subject."""


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

    @property
    def stands(self) -> bool:
        """Whether the stage may go on as far as this verdict is concerned."""
        return self.passed or self.waiver is not None


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many there are, and how many of them passed, are waived and refuse, in words."""
    refusing = sum(not verdict.stands for verdict in verdicts)
    passed = sum(verdict.passed for verdict in verdicts)
    parts = {"passed": passed, "waived": len(verdicts) - passed - refusing, "refused": refusing}
    said = ", ".join(f"{count} {how}" for how, count in parts.items() if count)
    return f"{counted(len(verdicts), 'verdict')}: {'all passed' if passed == len(verdicts) else said}"


def read_verdicts(judged: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts of what a `verdicts.json` holds."""
    return [Verdict(**verdict) for verdict in judged["verdicts"]]


@dataclass(frozen=True)
class Context:
    """All that a gate may look at: the sources in stage data, the evaluation (metrics.json) from stage model on."""

    settings: Settings
    contracts: Mapping[str, Contract]
    sources: Mapping[str, Path] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)


class Gate(Protocol):
    """What a gate file holds. `check` is pure: the same measurements and limits give the same verdicts."""

    id: str
    stage: Stage
    Limits: type[Limits]

    def measure(self, context: Context) -> Measurements: ...

    def check(self, measured: Measurements, limits: Any) -> Iterator[Verdict]: ...
