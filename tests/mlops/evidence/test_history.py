"""Verdicts over time: which figure of a gate is drawn, and over which runs."""

from typing import Any

from mlops.evidence.report.history import history
from mlops.gates.base import Verdict


def verdict(gate: str, subject: str, measured: Any, limit: Any = 0.5, passed: bool = True) -> Verdict:
    return Verdict(gate, subject, measured, limit, passed, "Why.")


def run(*verdicts: Verdict) -> tuple[dict[str, str], list[Verdict]]:
    return {"run": "r"}, list(verdicts)


def drawn(*runs: tuple[dict[str, str], list[Verdict]]) -> dict[str, tuple[str, list[float | None]]]:
    found = history(runs)
    return {gate: (line[-1].verdict.subject, [each.figure["value"] for each in line]) for gate, line in found.items()}


def test_of_each_gate_the_figure_nearest_to_its_limit_in_the_last_run_is_drawn_over_all():
    interval = {"value": 0.6, "low": 0.5, "high": 0.7}
    first = run(verdict("a", "near", 0.9), verdict("a", "far", 0.51), verdict("b", "one", interval))
    last = run(verdict("a", "near", 0.52), verdict("a", "far", 0.1), verdict("b", "one", 0.7))
    assert drawn(first, last) == {"a": ("near", [0.9, 0.52]), "b": ("one", [0.6, 0.7])}


def test_what_did_not_pass_comes_before_what_is_near():
    both = verdict("a", "near", 0.51), verdict("a", "refused", 3.0, passed=False)
    assert drawn(run(*both), run(*both)) == {"a": ("refused", [3.0, 3.0])}


def test_a_run_that_did_not_measure_it_is_passed_over():
    some = verdict("a", "one", 0.3)
    assert drawn(run(some), run(), run(verdict("a", "other", 1.0)), run(some)) == {"a": ("one", [0.3, 0.3])}


def test_one_run_no_figure_and_what_never_moves_from_its_limit_are_no_history():
    words = verdict("words", "x", "many"), verdict("no limit", "x", 1.0, None), verdict("none", "x", None)
    still = verdict("nothing allowed", "x", 0, 0)
    assert drawn(run(verdict("a", "one", 0.3))) == {}
    assert drawn(run(*words, still), run(*words, still)) == {}
    assert drawn(run(verdict("a", "one", 0, 0)), run(verdict("a", "one", 2, 0))) == {"a": ("one", [0, 2])}
