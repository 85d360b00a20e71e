"""How near each gate was to its limit over the last runs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlops.gates.base import Verdict

RUNS = 20
"""At most so many are looked at."""


class Point(NamedTuple):
    """What a run measured: `figure` has a value and, where known, the ends of its interval."""

    record: Mapping[str, Any]
    verdict: Verdict
    figure: Mapping[str, Any]

    @property
    def order(self) -> tuple[bool, float]:
        """First what did not pass, then what is near its limit, as a share of the greater of the two."""
        value, limit = float(self.figure["value"]), float(self.verdict.limit or 0)
        return self.verdict.passed, abs(value - limit) / (max(abs(value), abs(limit)) or 1)


def history(runs: Sequence[tuple[Mapping[str, Any], Sequence[Verdict]]]) -> dict[str, list[Point]]:
    """By gate what the last run was nearest to refusing, or refused; in each run that measured it.

    Nothing of gates that one run measured, or whose figure was the limit in all of them, as where none is allowed.
    """
    measured = [{(each.verdict.gate, each.verdict.subject): each for each in _points(*run)} for run in runs]
    found: dict[str, list[Point]] = {}
    for name, _ in sorted(measured[-1].items(), key=lambda item: (item[0][0], item[1].order)):
        line = [those[name] for those in measured if name in those]
        if name[0] not in found and len(line) > 1 and any(each.figure["value"] != each.verdict.limit for each in line):
            found[name[0]] = line
    return found


def _points(record: Mapping[str, Any], verdicts: Sequence[Verdict]) -> list[Point]:
    """The verdicts of a run on a number with a limit."""
    found = []
    for verdict in verdicts:
        measured = verdict.measured
        figure = measured if isinstance(measured, dict) else {"value": measured, "low": None, "high": None}
        if all(isinstance(each, int | float) for each in (figure["value"], verdict.limit)):
            found.append(Point(record, verdict, figure))
    return found
