"""What a poison is. Each is a function: it changes a copy of the project, and returns what is judged then."""

from collections.abc import Callable
from dataclasses import dataclass

from mlops.gates.base import Verdict

from .copies import Copy

Judged = Callable[[Copy], list[Verdict]]


@dataclass(frozen=True)
class Poison:
    """`gates` must all refuse what is judged."""

    gates: tuple[str, ...]
    what: str
    judged: Judged


KNOWN: list[Poison] = []


def poison(what: str, *gates: str) -> Callable[[Judged], Judged]:
    def known(judged: Judged) -> Judged:
        KNOWN.append(Poison(gates, what, judged))
        return judged

    return known
