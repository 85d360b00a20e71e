"""One process at a time. The kernel lets go of the lock when its holder dies."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mlops.errors import Busy, Failure


@contextmanager
def locked(file: Path, wait: bool = True, who: str = "another run of this project") -> Iterator[None]:
    """Raises Busy with the id of the process that holds the lock (`who`, in words), unless it may be waited for."""
    with ExitStack() as held:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            stream = held.enter_context(file.open("ab", buffering=0))
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            stream.truncate(0)
            stream.write(str(os.getpid()).encode())
        except BlockingIOError as error:
            holder = file.read_text().strip() or "unknown"
            what = f"{who} is under way (process {holder})"
            raise Busy(f"{what}. Wait until it ends, or stop it with: kill {holder}") from error
        except OSError as error:
            what, advice = f"could not write {file}: {error.strerror}", "Free some space or check its rights"
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                advice = "Move the project to a local disk: this file system has no locks"
            raise Failure(f"{what}. {advice}, then repeat.") from error
        yield
