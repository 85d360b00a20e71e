"""The code of a node, frozen when the run starts: what the node gets as its working directory."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from mlops import digest
from mlops.errors import Misuse

NEVER_CODE = ("/.git", "/.mlops/", "__pycache__/")

Source = tuple[Path | None, tuple[Path, ...]]
"""What the code of a node is copied from: a folder or file, and files and folders that go beside what is in it."""


@dataclass(frozen=True)
class Snapshot:
    """A frozen copy of a code folder and the digest of its files and their executable bits."""

    digest: str
    folder: Path
    left_out: tuple[str, ...] = ()


def take(source: Source, to: Path, limit: float = float("inf")) -> Snapshot:
    """Copy code without what its folders ignore. Files over `limit` bytes are left out, and named."""
    code, includes = source
    found = {f"{path.name}/{name}".removesuffix("/"): file for path in includes for name, file in _files(path, "")}
    found |= dict(_files(code, code.name)) if code else {}
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


def _files(path: Path, own_name: str) -> Iterator[tuple[str, Path]]:
    return iter([(own_name, path)]) if path.is_file() else walk(path, ignored(path))


def ignored(folder: Path) -> GitIgnoreSpec:
    """What a code folder leaves out: by the patterns of its `.amlignore` if that is there, otherwise its `.gitignore`.

    Raises Misuse for a pattern that means nothing.
    """
    files = (folder / ".amlignore", folder / ".gitignore")
    found = next((file for file in files if file.is_file()), None)
    lines = found.read_text(encoding="utf-8", errors="replace").splitlines() if found else []
    try:
        return GitIgnoreSpec.from_lines([*lines, *NEVER_CODE])
    except ValueError as error:
        raise Misuse(f"holds a pattern that cannot be read: {error} Correct it.", found) from error


def walk(folder: Path, without: GitIgnoreSpec | None = None) -> Iterator[tuple[str, Path]]:
    """Every file below a folder with its relative path; links are followed, once around a circle."""

    def below(place: Path, prefix: str, above: frozenset[Path]) -> Iterator[tuple[str, Path]]:
        for path in sorted(place.iterdir()):
            name, is_folder = prefix + path.name, path.is_dir()
            if without and without.match_file(f"{name}/" if is_folder else name):
                continue
            if path.is_file():
                yield name, path
            elif is_folder and (real := path.resolve()) not in above:
                yield from below(path, f"{name}/", above | {real})

    return below(folder, "", frozenset({folder.resolve()}))
