"""The code of a node, frozen when the run starts: what the node gets as its working directory."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops import digest
from mlops.uploads import IGNORING, ignored, walk

Source = tuple[Path | None, tuple[Path, ...]]
"""What the code of a node is copied from: a folder or file, and files and folders that go beside what is in it."""


@dataclass(frozen=True)
class Snapshot:
    """A frozen copy of a code folder and the digest of its files and their executable bits."""

    digest: str
    folder: Path
    left_out: tuple[str, ...] = ()


def take(source: Source, to: Path, limit: float = float("inf"), ignoring: tuple[str, ...] = IGNORING) -> Snapshot:
    """Copy code without what its folders ignore. Files over `limit` bytes are left out, and named."""
    code, includes = source
    beside = ((path, found) for path in includes for found in _files(path, "", ignoring))
    found = {f"{path.name}/{name}".removesuffix("/"): file for path, (name, file) in beside}
    found |= dict(_files(code, code.name, ignoring)) if code else {}
    to.mkdir(parents=True)
    pairs, left_out = [], []
    for name, path in found.items():
        if path.stat().st_size > limit:
            left_out.append(name)
            continue
        copy = to / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        executable = "*" if copy.stat().st_mode & 0o100 else ""
        pairs.append((name + executable, digest.of_file(copy)))
    return Snapshot(digest.of_pairs(pairs), to, tuple(left_out))


def _files(path: Path, own_name: str, ignoring: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    return iter([(own_name, path)]) if path.is_file() else walk(path, ignored(path, ignoring))
