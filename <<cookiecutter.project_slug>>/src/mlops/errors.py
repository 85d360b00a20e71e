"""What can go wrong, as the exit status that a script sees (0 is done, 130 is Ctrl-C)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class MlopsError(Exception):
    """A sentence with the next step. `status` is what the command exits with."""

    status = 3

    def __init__(self, what: str, file: Path | str | None = None, line: int | None = None) -> None:
        self.what, self.file, self.line = what, file, line
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(place + what)


class Refused(MlopsError):
    """A verdict: the input was understood and does not pass."""

    status = 1


class Misuse(MlopsError):
    """Wrong use, a second run at once, or a file that is missing, unreadable or malformed."""

    status = 2


class Busy(Misuse):
    """Another process is at work; waiting mends it."""


class Failure(MlopsError):
    """The work itself failed: a crashed step, a full disk, a lost connection."""

    status = 3


@contextmanager
def exits() -> Iterator[None]:
    """Around a whole program: what went wrong becomes its sentence on standard error, and the exit status."""
    try:
        yield
    except MlopsError as error:
        print(error, *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)
