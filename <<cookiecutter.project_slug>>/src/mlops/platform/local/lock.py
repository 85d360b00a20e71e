"""One process at a time. The kernel lets go of the lock when its holder dies."""

import errno
import fcntl
import os
from pathlib import Path

from mlops.errors import Failure, Misuse


class Lock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None

    def take(self, wait: bool = False) -> None:
        """Raises Misuse with the id of the process that holds the lock, unless it may be waited for."""
        handle = None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        except OSError as error:
            if handle is not None:
                os.close(handle)
            if isinstance(error, BlockingIOError):
                holder = self._file.read_text().strip() or "unknown"
                what = f"another run of this project is under way (process {holder})"
                raise Misuse(f"{what}. Wait until it ends, or stop it with: kill {holder}") from error
            what, advice = f"could not write {self._file}: {error.strerror}", "Free some space or check its rights"
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                advice = "Move the project to a local disk: this file system has no locks"
            raise Failure(f"{what}. {advice}, then repeat.") from error
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
