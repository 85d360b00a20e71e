"""Identity by content: sha256 of a file, of a folder, of a value."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Digest of sorted (relative path, sha256) pairs: what names a folder."""
    lines = (f"{name}\0{digest}\n" for name, digest in sorted(pairs))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def of_files(folder: Path) -> dict[str, str]:
    """Digest of each file in a folder, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): of_file(path) for path in files}


def of_folder(folder: Path) -> str:
    return of_pairs(of_files(folder).items())


def of_path(path: Path) -> str:
    return of_folder(path) if path.is_dir() else of_file(path)


def of_value(value: Any) -> str:
    """Digest of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
