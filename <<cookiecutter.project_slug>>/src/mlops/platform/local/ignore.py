"""What `.amlignore` and `.gitignore` leave out: their patterns as one question about a relative path."""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

Ignored = Callable[[str, bool], bool]
ALWAYS = ("/.git", "/.mlops/", "__pycache__/")


def read(folder: Path) -> Ignored:
    """The patterns of a code folder: those of `.amlignore` if it is there, otherwise those of `.gitignore`."""
    files = (folder / ".amlignore", folder / ".gitignore")
    found = next((file for file in files if file.is_file()), None)
    lines = found.read_text(encoding="utf-8", errors="replace").splitlines() if found else []
    return matcher([*lines, *ALWAYS])


def matcher(lines: Iterable[str]) -> Ignored:
    """Patterns as in gitignore(5): the last one that matches decides. Parents of a path are asked first."""
    rules = [_rule(line) for line in lines if line.strip() and not line.startswith("#")]

    def ignored(path: str, is_folder: bool) -> bool:
        verdict = False
        for parts, only_folders, leaves_out in rules:
            if (is_folder or not only_folders) and _matches(parts, path.split("/")):
                verdict = leaves_out
        return verdict

    return ignored


def _rule(line: str) -> tuple[Sequence[str], bool, bool]:
    text = re.sub(r"(?<!\\)[ \r]+$", "", line)
    leaves_out = not text.startswith("!")
    text = text.removeprefix("!")
    path = text.removesuffix("/")
    path = path if "/" in path else f"**/{path}"
    plain = re.sub(r"\\(.)", lambda escaped: f"[{escaped[1]}]" if escaped[1] in "*?[" else escaped[1], path)
    return plain.replace("[^", "[!").removeprefix("/").split("/"), text.endswith("/"), leaves_out


def _matches(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts or not names:
        return not parts and not names
    if parts[0] == "**":
        return len(parts) == 1 or any(_matches(parts[1:], names[start:]) for start in range(len(names)))
    return fnmatchcase(names[0], parts[0]) and _matches(parts[1:], names[1:])
