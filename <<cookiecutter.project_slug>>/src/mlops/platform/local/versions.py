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

    `thing` is what a name names, "a model"; `known` is how a list of names begins, "Registered"; `again` is how to
    store what has lost its record.
    """

    def __init__(self, folder: Path, kind: type[Kind], record: str, thing: str, known: str, again: str) -> None:
        self._folder, self._kind, self._record = folder, kind, record
        self._thing, self._known, self._again = thing, known, again

    def get(self, reference: str) -> Kind:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version. Raises Misuse, for a damaged record too."""
        name = re.split("[:@]", reference)[0]
        records = self._records(name)
        if not records:
            known = ", ".join(sorted({each.name for each in self.list()})) or "none yet"
            raise Misuse(f"no {self._thing.removeprefix('a ')} is named '{name}'. {self._known}: {known}.")
        which = [*records][-1] if reference == name else reference
        digests = {known: "" if isinstance(it, Misuse) else f"{name}@{it.digest}" for known, it in records.items()}
        by_digest = [known for known in records if len(which) > len(name) + 8 and digests[known].startswith(which)]
        found = by_digest or [known for known in records if known == which]
        if len(found) != 1:
            known = ", ".join(f"{known} ({digests[known][: len(name) + 13] or 'damaged'})" for known in records)
            raise Misuse(f"no version of '{name}' is '{reference}'. There are: {known}.")
        if isinstance(version := records[found[0]], Misuse):
            raise version
        return version

    def list(self) -> tuple[Kind, ...]:
        """All versions whose record can be read, by name and number."""
        return self._of(None)

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

    def _of(self, name: str | None) -> tuple[Kind, ...]:
        return tuple(each for each in self._records(name).values() if not isinstance(each, Misuse))

    def _records(self, name: str | None = None) -> dict[str, Kind | Misuse]:
        """By reference the record, or what is wrong with it. A folder that was emptied is no version any more."""
        numbered = (path for path in self._folder.glob("*/*") if path.name.isdecimal() and any(path.glob("*")))
        found = [each for each in numbered if NAME.fullmatch(each.parent.name) and name in (None, each.parent.name)]
        found.sort(key=lambda path: (path.parent.name, int(path.name)))
        return {f"{path.parent.name}:{path.name}": self._read(path / self._record) for path in found}

    def _next(self, name: str) -> int:
        return 1 + max((int(path.name) for path in (self._folder / name).iterdir() if path.name.isdecimal()), default=0)

    def _place(self, found: Kind) -> Path:
        return self._folder / found.name / str(found.version)

    def _read(self, file: Path) -> Kind | Misuse:
        try:
            return self._kind(**files.read_json(file))
        except (Misuse, TypeError):
            what = f"{file} of {file.parts[-3]}:{file.parts[-2]} is {'damaged' if file.exists() else 'missing'}"
            return Misuse(f"{what}. Restore it; or {self._again} under a new number, then empty its folder.")
