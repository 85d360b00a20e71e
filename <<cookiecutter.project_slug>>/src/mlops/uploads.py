"""Which files of a folder go to Azure ML: as code of a job, or as what an image is built from."""

import re
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from mlops import digest
from mlops.errors import Misuse

NEVER_CODE = ("/.git", "/.git/**", "/.mlops/**", "**/__pycache__/**")
"""After a `!*` a folder is gone only with all that is in it."""
IGNORING = (".amlignore", ".gitignore")
"""Files with patterns of what Azure ML leaves out of a folder: the first that is there counts."""
END = re.compile(r"(?<!\\) +$")
"""Spaces that git does not read; pathspec takes none after one that counts."""


def context(folder: Path) -> str:
    """What names an image: the digest of the files that it is built from, those that Azure ML takes from a folder."""
    files = walk(folder, ignored(folder))
    return f"context:sha256:{digest.of_pairs((name, digest.of_file(path)) for name, path in files)}"


def ignored(folder: Path, ignoring: tuple[str, ...] = IGNORING) -> GitIgnoreSpec:
    """What a folder leaves out, by the patterns of the first of its files of these names.

    Raises Misuse for a pattern that means nothing.
    """
    found = next((folder / name for name in ignoring if (folder / name).is_file()), None)
    lines = found.read_text(encoding="utf-8", errors="replace").splitlines() if found else []
    try:
        return GitIgnoreSpec.from_lines([*(END.sub("", line) for line in lines), *NEVER_CODE])
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
