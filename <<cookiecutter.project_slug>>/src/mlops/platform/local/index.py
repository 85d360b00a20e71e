"""Digests of files already read, so that large inputs are read again only when they may have changed."""

import json
import time
from contextlib import suppress
from pathlib import Path

from mlops import digest, files
from mlops.uploads import walk

SETTLED_SECONDS = 2.0
"""A file changed more recently than this may change again within one tick of the file system's clock."""


class Index:
    """Digest of a file by path, size, times and inode; kept in `digests.json` of a state folder."""

    def __init__(self, state: Path) -> None:
        self._file = state / "digests.json"
        self._known: dict[str, list[object]] = {}
        with suppress(OSError, ValueError, TypeError):
            self._known = dict(json.loads(self._file.read_text(encoding="utf-8")))

    def of_path(self, path: Path) -> str:
        """Digest of a file or folder by content, the same as `mlops.digest` gives."""
        if path.is_dir():
            return digest.of_pairs((name, self._of_file(file)) for name, file in walk(path))
        return self._of_file(path)

    def save(self) -> None:
        files.write_json(self._file, {name: seen for name, seen in self._known.items() if Path(name).exists()})

    def _of_file(self, path: Path) -> str:
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
        match self._known.get(str(path)):
            case [*seen, str(known)] if seen == stamp:
                return known
        found = digest.of_file(path)
        if time.time() - max(state.st_mtime, state.st_ctime) > SETTLED_SECONDS:
            self._known[str(path)] = [*stamp, found]
        return found
