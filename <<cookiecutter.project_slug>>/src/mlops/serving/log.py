"""What was asked and answered, as JSON lines in a spool: nobody waits for it, and it never breaks a request."""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import msgspec

from mlops.contract.types import Column
from mlops.errors import Misuse
from mlops.outcomes import ids

MOST_WAITING = 20_000
"""Rows; what comes beyond is dropped."""
MOST_BYTES = 4 * 2**30
"""Of a spool that nobody empties; what comes beyond is dropped."""
PAUSE = 0.2
PIECE = 64
"""Rows whose lines are made at once."""

Answers = Sequence[Mapping[str, Any]]

lines = msgspec.json.Encoder().encode_lines


class Line(msgspec.Struct):
    """One row of a request, numbered from 0, with what was answered to it."""

    time: float
    id: str
    row: int
    deployment: str
    model: str
    inputs: Any
    outputs: Mapping[str, Any]


class Minutes:
    """JSON lines in one file a minute: `FOLDER/NAME-YYYYmmddTHHMM-PID.jsonl`, in UTC, for its owner only."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.minute, self.file = folder, name, 0, -1
        folder.mkdir(0o700, parents=True, exist_ok=True)

    def append(self, text: bytes) -> None:
        """Raises OSError, after which the next text starts on a line of its own."""
        if (minute := int(time.time() // 60)) != self.minute:
            self.close()
        try:
            if self.file < 0:
                self._open(minute)
            rest = memoryview(text)
            while rest:
                rest = rest[os.write(self.file, rest) :]
        except OSError:
            self.close()
            raise

    def _open(self, minute: int) -> None:
        if sum(file.stat().st_size for file in self.folder.glob("*.jsonl")) > MOST_BYTES:
            raise OSError(f"{self.folder} is full")
        at = time.strftime("%Y%m%dT%H%M", time.gmtime(minute * 60))
        name = self.folder / f"{self.name}-{at}-{os.getpid()}.jsonl"
        self.file, self.minute = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), minute
        if (size := os.fstat(self.file).st_size) and os.pread(self.file, 1, size - 1) != b"\n":
            os.write(self.file, b"\n")

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)
        self.file = -1


@cache
def _attributes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Where a struct keeps what JSON calls by a name."""
    return {field.encode_name: field.name for field in msgspec.structs.fields(kind)}


class Log:
    """The log of one server: `SPOOL/predictions/`, and beside it `SPOOL/sensitive/` for the values that say more.

    A line of the first is `{"time", "id", "row", "deployment", "model", "inputs", "outputs"}`, one a row of a request:
    seconds since 1970, the request's id as `mlops.outcomes.ids` hashes it, and the row's number in the request from 0.
    A line of the second is `{"id", "row", "values"}`. Reasons are left out: they follow from the inputs.
    """

    def __init__(
        self, files: tuple[Minutes, Minutes] | None, key: bytes | None, about: tuple[str, str], held: Sequence[Column]
    ) -> None:
        self._files, self._about, self._held, self._keyed = files, about, held, bool(key)
        self._listed = [(column.name, {None, *column.categories}) for column in held]
        self._hashed = ids.hashing(key or os.urandom(ids.BYTES))
        self._new, self._made = (
            deque[tuple[float, str, Sequence[Any], Answers]](),
            deque[tuple[int, tuple[bytes, bytes]]](),
        )
        self._asked = self._piece = self._taken = self._full = self._failed = 0
        self._making, self._wake = threading.Lock(), threading.Event()
        self._said, self._closing = float("-inf"), False
        self._thread = threading.Thread(target=self._run, name="inference log", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls, spool: Path | None, key: bytes | None, deployment: str, model: str, features: Sequence[Column]
    ) -> Self:
        """Write below `spool`, nowhere if that is None. Without a key ids join only what this process writes.

        Of `features`, values that may not be quoted go to the second file.

        Raises Misuse when the folder cannot be made.
        """
        try:
            kinds = (spool / "predictions", spool / "sensitive") if spool else None
            files = (Minutes(kinds[0], deployment), Minutes(kinds[1], deployment)) if kinds else None
        except OSError as error:
            raise Misuse(f"no log can be kept in it: {error.strerror}. Name another folder as spool.", spool) from error
        held = [column for column in features if not column.quotable or column.unseen == "accept"]
        return cls(files, key, (deployment, model), held)

    @property
    def dropped(self) -> int:
        """How many rows are not in the log: too many waited, or the disk refused them."""
        return self._full + self._failed

    def write(self, request_id: str, rows: Sequence[Any], answers: Answers) -> None:
        """Take note of a request, to be written within the second. Rows are objects that msgspec encodes."""
        if self._files is None:
            return
        if self._asked - self._taken + len(rows) > MOST_WAITING or self._closing:
            self._full += len(rows)
            return
        self._asked += len(rows)
        self._piece += len(rows)
        self._new.append((time.time(), request_id, rows, answers))
        if self._piece >= PIECE:
            self._make()

    def id(self, request_id: str) -> str:
        """A request's id as the log has it; empty without a key, since nothing could be joined with it."""
        return self._hashed(request_id) if self._keyed else ""

    def close(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        for file in self._files or ():
            file.close()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(PAUSE)
            self._wake.clear()
            self._drain()
        self._drain()

    def _make(self) -> None:
        """The lines of a few requests at once, which costs half of one by one, in the thread of whoever writes: one of
        its own would hold up the server far longer, as the two take turns."""
        with self._making:
            new, shown, held = [self._new.popleft() for _ in range(len(self._new))], [], []
            count, self._piece = sum(len(rows) for _, _, rows, _ in new), 0
            try:
                for when, request_id, rows, answers in new:
                    self._lines(shown, held, when, self._hashed(request_id), rows, answers)
                self._made.append((count, (lines(shown), lines(held))))
            except Exception as error:
                self._lost(count, error)
        if self._asked - self._taken > MOST_WAITING // 4:
            self._wake.set()

    def _lines(
        self, shown: list[Line], held: list[Any], when: float, id: str, rows: Sequence[Any], answers: Answers
    ) -> None:
        deployment, model = self._about
        if "reasons" in answers[0]:
            answers = [{name: value for name, value in answer.items() if name != "reasons"} for answer in answers]
        if self._held and not self._plain(rows):
            rows = msgspec.to_builtins(rows)
            apart = enumerate(map(self._apart, rows))
            held += [{"id": id, "row": number, "values": values} for number, values in apart if values]
        pairs = enumerate(zip(rows, answers, strict=True))
        shown += [Line(when, id, number, deployment, model, row, answer) for number, (row, answer) in pairs]

    def _plain(self, rows: Sequence[Any]) -> bool:
        """Whether all of it may be quoted: then rows are encoded as they came, which costs far less."""
        if isinstance(rows[0], dict) or not all(column.quotable for column in self._held):
            return False
        named = _attributes(type(rows[0]))
        return all(getattr(row, named[name]) in known for name, known in self._listed for row in rows)

    def _apart(self, row: dict[str, Any]) -> dict[str, Any]:
        """What may not be quoted, taken out of a row."""
        given = [(column.name, column) for column in self._held if column.name in row]
        return {name: row.pop(name) for name, column in given if not (column.quotable and column.listed(row[name]))}

    def _drain(self) -> None:
        self._make()
        made = [self._made.popleft() for _ in range(len(self._made))]
        count = sum(rows for rows, _ in made)
        try:
            for place, file in enumerate(self._files or ()):
                if text := b"".join(texts[place] for _, texts in made):
                    file.append(text)
            self._taken += count
        except Exception as error:
            self._lost(count, error)

    def _lost(self, rows: int, error: Exception) -> None:
        """Whatever fails, rows are counted as lost and the server goes on."""
        self._failed += rows
        self._taken += rows
        if time.monotonic() - self._said >= 60:
            self._said = time.monotonic()
            print(f"The inference log lacks {self.dropped:,} rows so far: {error}", file=sys.stderr)
