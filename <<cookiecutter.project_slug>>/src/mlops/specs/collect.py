"""Refusals: raised one at a time, or all of them where somebody collects them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from mlops.errors import Misuse

Result = TypeVar("Result")
_found: ContextVar[list[Misuse] | None] = ContextVar("found", default=None)


class Follows(Misuse):
    """Only follows from what was refused before; not collected."""


@contextmanager
def collected() -> Iterator[list[Misuse]]:
    """As long as it is open, what is refused goes into this list, and `attempt` and `every` go on."""
    found: list[Misuse] = []
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)


def refuse(error: Misuse) -> None:
    """Raise an error, or put it with those that are collected."""
    found = _found.get()
    if found is None:
        raise error
    if not isinstance(error, Follows):
        found.append(error)


def together(errors: Sequence[Misuse]) -> Misuse:
    """What to raise for several errors: all of them as one, or where somebody collects, only that there were some."""
    if _found.get() is None:
        return Misuse("\n".join(map(str, errors)))
    for error in errors:
        refuse(error)
    return Follows("some are refused.")


def attempt(function: Callable[..., Result], *arguments: Any, otherwise: Any = None) -> Result | Any:
    """What a function gives, or `otherwise` where it refuses and refusals are collected."""
    try:
        return function(*arguments)
    except Misuse as error:
        refuse(error)
        return otherwise


def is_refused(file: Path, first: int, last: int) -> bool:
    """Whether something on these lines of a file is among what is collected."""
    return any(error.file == file and first <= (error.line or 0) <= last for error in _found.get() or ())


def every(function: Callable[[str], Result], names: Iterable[str]) -> dict[str, Result]:
    """What a function gives for each name. Raises Misuse after all were tried, or at once where nobody collects."""
    tried = {name: attempt(function, name) for name in names}
    done = {name: result for name, result in tried.items() if result is not None}
    if len(done) < len(tried):
        raise Follows("some are refused.")
    return done
