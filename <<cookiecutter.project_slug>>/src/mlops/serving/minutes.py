"""Lines in one file a minute, in a folder that holds no more than it may."""

import os
import time
from pathlib import Path

import msgspec

MOST_BYTES = 4 * 2**30
"""Of the files in a folder that nobody empties."""

lines = msgspec.json.Encoder().encode_lines


class Minutes:
    """JSON lines in `FOLDER/NAME-YYYYmmddTHHMM-PID.jsonl`, in UTC, for its owner only."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.minute, self.file, self.room = folder, name, 0, -1, 0
        folder.mkdir(0o700, parents=True, exist_ok=True)

    def append(self, text: bytes | bytearray) -> None:
        """Raises OSError, also when the folder is full, after which the next text starts on a line of its own."""
        if (minute := int(time.time() // 60)) != self.minute:
            self.close()
        try:
            if self.file < 0:
                self._open(minute)
            self.room -= len(text)
            if self.room < 0:
                raise OSError(f"{self.folder} is full")
            rest = memoryview(text)
            while rest:
                rest = rest[os.write(self.file, rest) :]
        except OSError:
            self.close()
            raise

    def _open(self, minute: int) -> None:
        self.room = MOST_BYTES - sum(map(_size, self.folder.glob("*.jsonl*")))
        at = time.strftime("%Y%m%dT%H%M", time.gmtime(minute * 60))
        name = self.folder / f"{self.name}-{at}-{os.getpid()}.jsonl"
        self.file, self.minute = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), minute
        if (size := os.fstat(self.file).st_size) and os.pread(self.file, 1, size - 1) != b"\n":
            os.write(self.file, b"\n")

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)
        self.file = -1


def _size(file: Path) -> int:
    """0 where a sender has removed the file in the meantime."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
