"""The data store: every version is kept as it was, and the same content once."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.platform.base import DataVersion
from mlops.platform.local.versions import Versions

BLOCK = 2**20
RECORD, FILES, PROFILE = "version.json", "files.json", "profile.json"


class LocalData(Versions[DataVersion]):
    """Data in `.mlops/data/NAME/VERSION/`: `content/`, the digest of each file in it, and what is known of the version.

    `.objects/aa/SHA256` are the files of all versions, as hard links where the file system has them.
    """

    def __init__(self, state: Path) -> None:
        again = "add what is in `content` beside it again (mlops data add NAME PATH)"
        super().__init__(state / "data", DataVersion, RECORD, "data", "In the store", again)

    def add(self, name: str, path: Path, about: Mapping[str, Any] | None = None, message: str = "") -> DataVersion:
        sources = _files(path)
        with self._changing(name):
            added = self._folder / name / ".added"
            with files.replacing(added) as draft:
                kept = {relative: self._copy(source, draft / "content" / relative) for relative, source in sources}
                size = sum((draft / "content" / relative).stat().st_size for relative in kept)
                files.write_json(draft / FILES, kept)
            if not size:
                raise Misuse("is empty. Write or fetch it again.", path)
            found = digest.of_pairs(kept.items()) if path.is_dir() else kept[path.name]
            same = next((each for each in self._of(name) if each.digest == found), None)
            if same and not self.verify(same.reference):
                return same
            now = datetime.now(UTC).isoformat(timespec="seconds")
            facts = (found, size, len(kept), now, message, dict(about or {}))
            version = same or DataVersion(name, self._next(name), *facts)
            with files.replacing(place := self._place(version)) as draft:
                files.write_json(added / RECORD, version)
                added.rename(draft)
            for relative, sha in kept.items():
                self._share(place / "content" / relative, sha)
            return version

    def named(self, digest: str) -> DataVersion | None:
        return next((each for each in self.list() if each.digest == digest), None)

    def content(self, reference: str) -> Path:
        version = self.get(reference)
        kept, folder = self._kept(self._place(version)), self._place(version) / "content"
        path = folder / next(iter(kept)) if [*kept.values()] == [version.digest] else folder
        if not path.exists():
            raise Failure(f"{path} of {version.reference} is missing. {_remedy(version)}")
        return path

    def resolve(self, name: str, version: str) -> Path | None:
        return self.content(f"{name}:{version}") if self._records(name) else None

    def fetch(self, reference: str, to: Path) -> None:
        version, path = self.get(reference), self.content(reference)
        held = self.named(digest.of_path(to)) if to.exists() and not to.is_symlink() else None
        if os.path.lexists(to) and not (held and not self.verify(held.reference)):
            raise Misuse("is there already, and the store does not have it. Add it, or name another place.", to)
        with files.replacing(to) as draft:
            for relative, source in _files(path):
                _copied(source, draft / relative if path.is_dir() else draft)
            if digest.of_path(draft) != version.digest:
                what = f"the stored bytes of {version.reference} no longer have its digest {version.digest[:12]}"
                raise Failure(f"{what}: they were changed. {_remedy(version)}")
            if to.is_dir():
                files.remove(to)

    def verify(self, reference: str | None = None) -> tuple[str, ...]:
        versions = (self.get(reference),) if reference else self._records().values()
        found = ((str(each),) if isinstance(each, Misuse) else self._faults(each) for each in versions)
        return (*(fault for faults in found for fault in faults), *(() if reference else self._foreign()))

    def profile(self, reference: str) -> Mapping[str, Any] | None:
        with suppress(Misuse):
            return files.read_json(self._place(self.get(reference)) / PROFILE)

    def keep_profile(self, reference: str, profile: Mapping[str, Any]) -> None:
        files.write_json(self._place(self.get(reference)) / PROFILE, profile)

    def _faults(self, version: DataVersion) -> Iterator[str]:
        kept = self._kept(place := self._place(version))
        if version.digest not in (digest.of_pairs(kept.items()), *kept.values()):
            yield f"{place / FILES} is damaged. {_remedy(version)}"
            return
        expected = {place / "content" / relative: sha for relative, sha in kept.items()}
        there = {path for path in place.rglob("*") if path.is_symlink() or not path.is_dir()}
        for path in sorted(expected.keys() | there - {place / RECORD, place / FILES, place / PROFILE}):
            if path not in expected:
                yield f"{path} does not belong to {version.reference}. Remove it."
            elif path not in there or digest.of_file(path) != expected[path]:
                how = "damaged" if path in there else "missing"
                yield f"{path} of {version.reference} is {how}. {_remedy(version)}"

    def _foreign(self) -> Iterator[str]:
        """Files of no version; what an `add` under way makes begins with a dot, and an object in use has two names."""
        places = {self._folder.joinpath(*reference.split(":")) for reference in self._records()}
        known = {sha for place in places for sha in self._kept(place).values()}
        for path in sorted(self._folder.rglob("*")):
            first, *inner = path.relative_to(self._folder).parts
            if first == ".objects":
                ours = path.name in known or path.stat().st_nlink > 1
            else:
                ours = inner == ["lock"] or bool(inner and inner[0].startswith("."))
            if not (ours or path.is_dir() or places & {*path.parents}):
                yield f"{path} belongs to no version in the store. Remove it."

    def _kept(self, place: Path) -> dict[str, str]:
        """The digest of each file of a version by its path; nothing when that was damaged."""
        with suppress(Misuse, TypeError, ValueError):
            return dict(files.read_json(place / FILES))
        return {}

    def _object(self, sha: str) -> Path:
        return self._folder / ".objects" / sha[:2] / sha

    def _copy(self, source: Path, to: Path) -> str:
        """Copy a file, or link to the object that has its bytes; returns their digest."""
        sha = _copied(source, to)
        to.chmod(0o444)
        with suppress(OSError):
            if digest.of_file(self._object(sha)) == sha:
                os.link(self._object(sha), link := to.with_name(f".{sha}"))
                link.replace(to)
        return sha

    def _share(self, path: Path, sha: str) -> None:
        known = self._object(sha)
        with suppress(OSError):
            known.parent.mkdir(parents=True, exist_ok=True)
            known.unlink(missing_ok=True)
            os.link(path, known)


def _files(path: Path) -> list[tuple[str, Path]]:
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


def _copied(source: Path, to: Path) -> str:
    """Copy a file in one pass; returns the sha256 of what was written."""
    sha, block = hashlib.sha256(), memoryview(bytearray(BLOCK))
    to.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb", buffering=0) as stream, to.open("wb") as copy:
        while count := stream.readinto(block):
            sha.update(block[:count])
            copy.write(block[:count])
    return sha.hexdigest()


def _remedy(version: DataVersion) -> str:
    return f"Put it right from the same data: mlops data add {version.name} PATH"
