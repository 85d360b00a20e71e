"""The data store: every version is kept as it was, and the same content once."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform import store
from mlops.platform.base import DataVersion
from mlops.platform.local.lock import locked

RECORD, FILES, PROFILE, STATEMENT = "version.json", "files.json", "profile.json", "build.dsse.json"


class LocalData:
    """Data in `.mlops/data/NAME/VERSION/`: `content/`, the digest of each file in it, and what is known of the version.

    Files with the same bytes are hard links to one, where the file system has them.
    """

    under, thing = "data", "data"
    again = "add what is in `content` beside it again (mlops data add NAME PATH)"
    remedy = "Put it right from the same data: mlops data add {name} PATH"

    def __init__(self, state: Path) -> None:
        self._folder = state / self.under

    def get(self, reference: str) -> DataVersion:
        """`name:3`, `name@DIGEST12`, or `name` for its latest version. Raises Misuse, for a damaged record too."""
        records = self._records(store.name_in(reference))
        digests = {each: "" if isinstance(it, Misuse) else it.digest for each, it in records.items()}
        found = store.chosen(reference, digests, self.thing, lambda: (each.name for each in self.list()))
        if isinstance(version := records[found], Misuse):
            raise version
        return version

    def list(self) -> tuple[DataVersion, ...]:
        """All versions whose record can be read, by name and number."""
        return tuple(each for each in self._records().values() if not isinstance(each, Misuse))

    def add(self, name: str, path: Path, about: Mapping[str, Any] | None = None, message: str = "") -> DataVersion:
        sources = store.below(path)
        with self._changing(name):
            added, held = self._folder / name / ".added", self._held()
            with files.replacing(added) as draft:
                kept = {relative: _kept(source, draft / "content" / relative, held) for relative, source in sources}
                size = sum((draft / "content" / relative).stat().st_size for relative in kept)
                files.write_json(draft / FILES, kept)
            if not size:
                raise Misuse("is empty. Write or fetch it again.", path)
            found = digest.of_pairs(kept.items()) if path.is_dir() else kept[path.name]
            same = next((each for each in self.list() if (each.name, each.digest) == (name, found)), None)
            if same and not self.verify(same.reference):
                return same
            now = datetime.now(UTC).isoformat(timespec="seconds")
            facts = (found, size, len(kept), now, message, dict(about or {}))
            version = same or DataVersion(name, self._next(name), *facts)
            with files.replacing(self._place(version)) as draft:
                files.write_json(added / RECORD, version)
                added.rename(draft)
            return version

    def named(self, digest: str) -> DataVersion | None:
        return next((each for each in self.list() if each.digest == digest), None)

    def content(self, reference: str) -> Path:
        place = self._place(version := self.get(reference))
        path = store.content(place / "content", self._files(place), version.digest)
        if not path.exists():
            raise Failure(f"{path} of {version.reference} is missing. {self._remedy(version)}")
        return path

    def resolve(self, name: str, version: str) -> Path | None:
        return self.content(f"{name}:{version}") if self._records(name) else None

    def fetch(self, reference: str, to: Path) -> None:
        version, path = self.get(reference), self.content(reference)
        store.refuse_if_lost(to, self._is_kept)
        store.copy(path, to, version.reference, version.digest, self._remedy(version))

    def verify(self, reference: str | None = None) -> tuple[str, ...]:
        versions = (self.get(reference),) if reference else self._records().values()
        found = ((str(each),) if isinstance(each, Misuse) else self._faults(each) for each in versions)
        return (*(fault for faults in found for fault in faults), *(() if reference else self._foreign()))

    def profile(self, reference: str) -> Mapping[str, Any] | None:
        with suppress(Misuse):
            return files.read_json(self._place(self.get(reference)) / PROFILE)

    def keep_profile(self, reference: str, profile: Mapping[str, Any]) -> None:
        files.write_json(self._place(self.get(reference)) / PROFILE, profile)

    @contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        """One process at a time; what another one that was killed left half-made is removed. Raises Misuse."""
        store.refuse_unless_name(name, self.thing)
        with locked(self._folder / name / "lock"):
            try:
                yield
            finally:
                for draft in (self._folder / name).glob(".*"):
                    files.remove(draft)

    def _records(self, name: str | None = None) -> dict[str, DataVersion | Misuse]:
        """By reference the record, or what is wrong with it. A folder that was emptied is no version any more."""
        numbered = (path for path in self._folder.glob("*/*") if path.name.isdecimal() and any(path.glob("*")))
        mine = (each for each in numbered if store.NAME.fullmatch(each.parent.name))
        found = [each for each in mine if name in (None, each.parent.name)]
        found.sort(key=lambda path: (path.parent.name, int(path.name)))
        return {f"{path.parent.name}:{path.name}": self._read(path / RECORD) for path in found}

    def _is_kept(self, digest: str) -> bool:
        held = self.named(digest)
        return bool(held) and not self.verify(held.reference)

    def _next(self, name: str) -> int:
        return 1 + max((int(path.name) for path in (self._folder / name).iterdir() if path.name.isdecimal()), default=0)

    def _place(self, found: DataVersion) -> Path:
        return self._folder / found.name / str(found.version)

    def _read(self, file: Path) -> DataVersion | Misuse:
        try:
            return DataVersion(**files.read_json(file))
        except (Misuse, TypeError):
            what = f"{file} of {file.parts[-3]}:{file.parts[-2]} is {'damaged' if file.exists() else 'missing'}"
            return Misuse(f"{what}. Restore it; or {self.again} under a new number, then empty its folder.")

    def _faults(self, version: DataVersion) -> Iterator[str]:
        listed = self._files(place := self._place(version))
        if version.digest not in (digest.of_pairs(listed.items()), *listed.values()):
            yield f"{place / FILES} is damaged. {self._remedy(version)}"
            return
        expected = {place / "content" / relative: sha for relative, sha in listed.items()}
        there = {path for path in place.rglob("*") if path.is_symlink() or not path.is_dir()}
        for path in sorted(expected.keys() | there - {place / name for name in (RECORD, FILES, PROFILE, STATEMENT)}):
            if path not in expected:
                yield f"{path} does not belong to {version.reference}. Remove it."
            elif path not in there or digest.of_file(path) != expected[path]:
                how = "damaged" if path in there else "missing"
                yield f"{path} of {version.reference} is {how}. {self._remedy(version)}"

    def _foreign(self) -> Iterator[str]:
        """Files of no version; what an `add` under way makes begins with a dot."""
        places = self._places()
        for path in sorted(self._folder.rglob("*")):
            inner = path.relative_to(self._folder).parts[1:]
            ours = inner == ("lock",) or bool(inner and inner[0].startswith("."))
            if not (ours or path.is_dir() or places & {*path.parents}):
                yield f"{path} belongs to no version in the store. Remove it."

    def _files(self, place: Path) -> dict[str, str]:
        """The digest of each file of a version by its path; nothing when that was damaged."""
        with suppress(Misuse, TypeError, ValueError):
            return dict(files.read_json(place / FILES))
        return {}

    def _places(self) -> set[Path]:
        return {self._folder.joinpath(*reference.split(":")) for reference in self._records()}

    def _held(self) -> dict[str, Path]:
        """By digest a file of the store."""
        return {sha: place / "content" / name for place in self._places() for name, sha in self._files(place).items()}

    def _remedy(self, version: DataVersion) -> str:
        return self.remedy.format(name=version.name)


def _kept(source: Path, to: Path, held: dict[str, Path]) -> str:
    """Copy a file for good, as a link to one that is held with the same bytes; returns their digest."""
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
    to.chmod(0o444)
    sha = digest.of_file(to)
    with suppress(OSError):
        if (same := held.setdefault(sha, to)) != to and digest.of_file(same) == sha:
            os.link(same, link := to.with_name(f".{sha}"))
            link.replace(to)
    return sha
