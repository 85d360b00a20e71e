"""What all stores have in common: which names and references there are, and what can be kept."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mlops import digest, files
from mlops.errors import Failure, Misuse

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def refuse_unless_name(name: str, thing: str) -> None:
    if not NAME.fullmatch(name):
        advice = "Use letters, digits, '-', '_' and '.', a letter or digit first."
        raise Misuse(f"'{name}' cannot name {thing}. {advice}")


def name_in(reference: str) -> str:
    return re.split("[:@]", reference)[0]


def chosen(reference: str, digests: Mapping[str, str], thing: str, names: Callable[[], Iterable[str]]) -> str:
    """Which of the versions of its name (`name:3`, oldest first) a reference means; `name` means the latest.

    A version without a digest is a damaged one. `names` are those that there are. Raises Misuse with what there is.
    """
    name = name_in(reference)
    if not digests:
        known = ", ".join(sorted({*names()})) or "none yet"
        raise Misuse(f"no {thing.removeprefix('a ')} is named '{name}'. There are: {known}.")
    which = [*digests][-1] if reference == name else reference
    start = which.partition("@")[2]
    found = [each for each, sha in digests.items() if each == which or len(start) >= 8 and sha.startswith(start)]
    if len(found) != 1:
        known = ", ".join(f"{each} ({f'{name}@{sha[:12]}' if sha else 'damaged'})" for each, sha in digests.items())
        raise Misuse(f"no version of '{name}' is '{reference}'. There are: {known}.")
    return found[0]


def below(path: Path) -> list[tuple[str, Path]]:
    """Every file with its relative path, or the one file with its name. Raises Misuse for links and where none is."""
    inner = sorted(path.rglob("*")) if path.is_dir() and not path.is_symlink() else []
    for each in (path, *inner):
        if each.is_symlink():
            raise Misuse("is a symbolic link, and what it leads to may change. Put the file itself there.", each)
        if not each.is_dir() and not (each.is_file() and os.access(each, os.R_OK)):
            raise Misuse("is no file that can be read. Check the path; it is relative to where you are.", each)
    found = [(each.relative_to(path).as_posix(), each) for each in inner if each.is_file()]
    if path.is_dir() and not found:
        raise Misuse("is a folder without a file. Put the data there.", path)
    return found or [(path.name, path)]


def content(folder: Path, listed: Mapping[str, str], whole: str) -> Path:
    """What was kept in a folder with these files: the one whose digest is that of the whole, or the folder."""
    return folder / next(iter(listed)) if [*listed.values()] == [whole] else folder


def refuse_if_lost(to: Path, is_kept: Callable[[str], bool]) -> None:
    """Raises Misuse where something lies that would be replaced, unless what has its digest is kept."""
    there = os.path.lexists(to)
    if there and (to.is_symlink() or not is_kept(digest.of_path(to))):
        raise Misuse("is there already, and the store does not have it. Add it, or name another place.", to)


def changed(reference: str, whole: str, remedy: str) -> Failure:
    """What is said where bytes do not have the digest of their version."""
    what = f"the stored bytes of {reference} no longer have its digest {whole[:12]}"
    return Failure(f"{what}: they were changed. {remedy}")


def copy(path: Path, to: Path, reference: str, whole: str, remedy: str) -> None:
    """Replace `to` by a copy that may be written to. Raises Failure when it does not have the digest."""
    with files.replacing(to) as draft:
        for relative, source in below(path):
            place = draft / relative if path.is_dir() else draft
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
        if digest.of_path(draft) != whole:
            raise changed(reference, whole, remedy)
        if to.is_dir():
            files.remove(to)
