"""What was asked and answered, as JSON lines in a spool: nobody waits for it, and it never breaks a request."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from mlops.contract.types import Column
from mlops.errors import Misuse
from mlops.outcomes import ids
from mlops.serving.minutes import Minutes, lines

MOST_WAITING = 16 * 2**20
"""Bytes; what comes beyond is dropped."""
PAUSE = 0.2
TOGETHER = 16
"""Requests of one row whose lines are made at once, in two thirds of the time of a line after each."""


class Line(msgspec.Struct, gc=False):
    """A request and what was answered to it, row by row."""

    time: float
    id: str
    deployment: str
    model: str
    inputs: Sequence[Any]
    outputs: Any


class Log:
    """The log of one server: `SPOOL/predictions/`, and beside it `SPOOL/sensitive/` for the values that say more.

    A line of the first is `{"time", "id", "deployment", "model", "inputs", "outputs"}`, one a request: seconds since
    1970, the request's id as `mlops.outcomes.ids` hashes it, and lists with an object for each row. A line of the
    second is `{"id", "values"}`, if there are any. Nobody gives it reasons: they follow from the inputs.

    It is nowhere if `spool` is None. Without a key ids join only what this process writes. Of `features`, values that
    may not be quoted go to the second file. Raises Misuse when the folder cannot be made.
    """

    def __init__(
        self, spool: Path | None, key: bytes | None, deployment: str, model: str, features: Sequence[Column]
    ) -> None:
        try:
            self._files = [Minutes(spool / kind, deployment) for kind in ("predictions", "sensitive")] if spool else []
        except OSError as error:
            raise Misuse(f"no log can be kept in it: {error.strerror}. Name another folder as spool.", spool) from error
        self._about, self._keyed = (deployment, model), bool(key)
        self._held = [
            (column.name, {None, *column.categories} if column.quotable else set())
            for column in features
            if not column.quotable or column.unseen == "accept"
        ]
        self._hashed = ids.hashing(key or os.urandom(ids.BYTES))
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._waiting: list[Line] = []
        self._texts, self._rows, self.dropped = (bytearray(), bytearray()), 0, 0
        self._why, self._said = "", float("-inf")
        self._thread = threading.Thread(target=self._run, name="inference log", daemon=True)
        self._thread.start()

    def write(self, request_id: str, rows: Sequence[Any], answers: Any) -> None:
        """Take note of a request, to be written within the second.

        Rows are structs, which are the log's from now on; answers are without reasons, and may be JSON already. What
        cannot be noted is counted in `dropped`, in rows.
        """
        if self._files:
            self._waiting.append(Line(time.time(), request_id, *self._about, rows, answers))
            if len(rows) + len(self._waiting) > TOGETHER:
                self._note()

    def id(self, request_id: str) -> str:
        """A request's id as the log has it; empty without a key, since nothing could be joined with it."""
        return self._hashed(request_id) if self._keyed else ""

    def close(self) -> None:
        """Write what waits, then end."""
        self._closing.set()
        self._thread.join()
        for file in self._files:
            file.close()

    def _note(self) -> None:
        """Make text of the lines that wait: of all, or where one cannot be written, of none."""
        with self._lock:
            waiting = self._waiting[:]
            del self._waiting[: len(waiting)]
            rows = [row for line in waiting for row in line.inputs]
            try:
                shown, held = self._texts
                if len(shown) + len(held) > MOST_WAITING:
                    raise BufferError("too much waits to be written")
                for line in waiting:
                    line.id = self._hashed(line.id)
                values = iter(found := self._apart(rows))
                parts = [(line.id, [*islice(values, len(line.inputs))]) for line in waiting if found]
                apart = lines([{"id": id, "values": own} for id, own in parts if any(own)])
                shown += lines(waiting)
                held += apart
                self._rows += len(rows)
            except Exception as error:
                self._lost(len(rows), error)

    def _apart(self, rows: Sequence[Any]) -> Sequence[dict[str, Any]]:
        """What may not be quoted, taken out of each row; nothing where there is nothing of the kind."""
        found: Sequence[dict[str, Any]] = ()
        for name, known in self._held if rows else ():
            place, get = _attribute(type(rows[0]), name)
            if known.issuperset(map(get, rows)):
                continue
            found = found or [{} for _ in rows]
            for row, values in zip(rows, found, strict=True):
                if (value := get(row)) not in known:
                    values[name] = value
                    setattr(row, place, msgspec.UNSET)
        return found

    def _run(self) -> None:
        while not self._closing.wait(PAUSE):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        self._note()
        with self._lock:
            texts, rows = self._texts, self._rows
            self._texts, self._rows = (bytearray(), bytearray()), 0
        try:
            for file, text in zip(self._files, texts, strict=False):
                if text:
                    file.append(text)
        except Exception as error:
            with self._lock:
                self._lost(rows, error)
        if self._why and time.monotonic() - self._said >= 60:
            print(f"The inference log lacks {self.dropped:,} rows so far: {self._why}", file=sys.stderr)
            self._why, self._said = "", time.monotonic()

    def _lost(self, rows: int, error: Exception) -> None:
        """Whatever fails, the server goes on, and the log's own thread says it."""
        self.dropped, self._why = self.dropped + rows, f"{error}"


@cache
def _attribute(kind: type[msgspec.Struct], name: str) -> tuple[str, Callable[[Any], Any]]:
    """Where a struct keeps what JSON calls by a name."""
    place = next(field.name for field in msgspec.structs.fields(kind) if field.encode_name == name)
    return place, attrgetter(place)
