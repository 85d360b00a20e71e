"""Folders by name and version: what the stores of models and of data have in common."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from mlops import files
from mlops.errors import Misuse
from mlops.platform.base import DataVersion, Model
from mlops.platform.local.lock import Lock

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
Kind = TypeVar("Kind", Model, DataVersion)


class Versions(Generic[Kind]):
    """`NAME/VERSION/` in a folder, each with a file that is the record of one `kind`.

    `thing` is what a name names, "a model"; `known` is how a list of names begins, "Registered".
    """

    def __init__(self, folder: Path, kind: type[Kind], record: str, thing: str, known: str) -> None:
        self._folder, self._kind, self._record, self._thing, self._known = folder, kind, record, thing, known

    def get(self, reference: str) -> Kind:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version. Raises Misuse."""
        name = re.split("[:@]", reference)[0]
        versions = self._of(name) if NAME.fullmatch(name) else ()
        if not versions:
            known = ", ".join(sorted({each.name for each in self.list()})) or "none yet"
            raise Misuse(f"no {self._thing.removeprefix('a ')} is named '{name}'. {self._known}: {known}.")
        if reference == name:
            return versions[-1]
        which = reference.removeprefix(name)
        by_digest = [each for each in versions if len(which) > 8 and f"@{each.digest}".startswith(which)]
        found = by_digest or [each for each in versions if which == f":{each.version}"]
        if len(found) != 1:
            known = ", ".join(f"{each.name}:{each.version} ({name}@{each.digest[:12]})" for each in versions)
            raise Misuse(f"no version of '{name}' is '{reference}'. There are: {known}.")
        return found[0]

    def list(self) -> tuple[Kind, ...]:
        """All versions, by name and number. Raises Misuse for a record that is damaged."""
        names = sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []
        return tuple(each for name in names for each in self._of(name))

    @contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        """One process at a time; what another one that was killed left half-made is removed. Raises Misuse."""
        if not NAME.fullmatch(name):
            advice = "Use letters, digits, '-', '_' and '.', a letter or digit first."
            raise Misuse(f"'{name}' cannot name {self._thing}. {advice}")
        lock = Lock(self._folder / name / "lock")
        lock.take(wait=True)
        try:
            yield
        finally:
            for draft in (self._folder / name).glob(".*"):
                files.remove(draft)
            lock.release()

    def _of(self, name: str) -> tuple[Kind, ...]:
        records = (path for path in (self._folder / name).glob(f"*/{self._record}") if path.parent.name.isdecimal())
        return tuple(map(self._read, sorted(records, key=lambda path: int(path.parent.name))))

    def _next(self, name: str) -> int:
        return 1 + max((int(path.name) for path in (self._folder / name).iterdir() if path.name.isdecimal()), default=0)

    def _place(self, found: Kind) -> Path:
        return self._folder / found.name / str(found.version)

    def _read(self, file: Path) -> Kind:
        try:
            return self._kind(**files.read_json(file))
        except TypeError as error:
            what = f"is no record of {self._thing}. Restore it, or move its folder out of the store."
            raise Misuse(what, file) from error
