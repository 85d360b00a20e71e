"""The store of data on the laptop: what goes in comes out as it was."""

import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Misuse
from mlops.platform.local.data import LocalData
from tests.mlops.platform.stored import link, linked, parts, table, written


def inodes(folder: Path) -> set[int]:
    return {path.stat().st_ino for path in folder.rglob("*.csv")}


def test_versions_count_up_and_the_same_bytes_find_theirs(data: LocalData, tmp_path: Path) -> None:
    about = {"owner": "a@example.org", "keep_until": "2030-12-31"}
    first = data.add("rows", table(tmp_path / "a.csv"), about, "the first")
    second = data.add("rows", table(tmp_path / "b.csv", "a\n2\n"))
    again = data.add("rows", table(tmp_path / "c.csv"))
    assert (first.reference, first.bytes, first.files, first.message) == ("rows:1", 4, 1, "the first")
    assert first.about == about and second.version == 2 and again == first
    assert data.list() == (first, second)
    assert data.named(second.digest) == second and data.named("0" * 64) is None


def test_a_file_and_a_folder_have_the_digest_that_a_run_records(data: LocalData, tmp_path: Path) -> None:
    file, folder = table(tmp_path / "a.csv"), parts(tmp_path / "parts", "1", "2")
    for place in (file, folder):
        version = data.add("rows", place)
        assert version.digest == digest.of_path(place) == digest.of_path(data.content(version.reference))
        data.fetch(version.reference, tmp_path / "back" / place.name)
        assert digest.of_path(tmp_path / "back" / place.name) == version.digest
    assert data.content("rows:1").name == "a.csv" and data.content("rows:2").is_dir()


def test_the_same_content_is_stored_once_and_cannot_be_written_to(data: LocalData, tmp_path: Path) -> None:
    data.add("rows", parts(tmp_path / "a", "1", "2"))
    data.add("others", parts(tmp_path / "b", "1", "3"))
    one, two = inodes(data.content("rows")), inodes(data.content("others"))
    assert len(one & two) == 1 and len(one | two) == 3
    assert not any(path.stat().st_mode & 0o222 for path in data.content("rows").rglob("*.csv"))
    assert data.verify() == ()


def test_what_was_added_may_change_and_what_was_fetched_may_too(data: LocalData, tmp_path: Path) -> None:
    version = data.add("rows", table(tmp_path / "a.csv"))
    data.fetch("rows:1", tmp_path / "b.csv")
    for name in ("a.csv", "b.csv"):
        table(tmp_path / name, "changed")
    assert data.verify() == () and digest.of_path(data.content("rows")) == version.digest


@pytest.mark.parametrize("reference", ["rows:3", "rows:x", "rows@000000000000", "rows@", ":1", "other", "../rows", ""])
def test_a_reference_that_names_nothing_is_said_with_what_there_is(
    data: LocalData, tmp_path: Path, reference: str
) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    with pytest.raises(Misuse, match="rows"):
        data.get(reference)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a:1", "a@b", "a" * 300])
def test_names_that_are_no_names_are_refused(data: LocalData, state: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(Misuse, match="cannot name data"):
        data.add(name, table(tmp_path / "a.csv"))
    assert not state.exists()


def empty(folder: Path) -> Path:
    (folder / "inner").mkdir(parents=True)
    return folder


def pipe(place: Path) -> Path:
    os.mkfifo(place)
    return place


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda place: place, "is no file that can be read"),
        (lambda place: table(place, ""), "is empty"),
        (empty, "is a folder without a file"),
        (link, "is a symbolic link"),
        (linked, "b.csv: is a symbolic link"),
        (pipe, "is no file that can be read"),
    ],
    ids=["absent", "empty file", "empty folder", "link", "folder with a link", "pipe"],
)
def test_what_cannot_be_data_is_said_and_leaves_nothing(
    data: LocalData, tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(Misuse, match=sentence):
        data.add("rows", make(tmp_path / "given"))
    assert data.list() == () and data.verify() == ()


def test_a_fetch_replaces_only_what_the_store_has(data: LocalData, tmp_path: Path) -> None:
    place = table(tmp_path / "a.csv")
    data.add("rows", place)
    table(place, "changed")
    with pytest.raises(Misuse, match="is there already, and the store does not have it"):
        data.fetch("rows:1", place)
    assert place.read_text() == "changed"
    data.add("rows", place)
    data.fetch("rows:1", place)
    assert place.read_text() == "a\n1\n"


def test_a_fetch_does_not_replace_the_only_sound_copy(data: LocalData, tmp_path: Path) -> None:
    place = table(tmp_path / "a.csv")
    data.add("rows", place)
    data.add("rows", table(tmp_path / "b.csv", "other"))
    written(data.content("rows:1"), "damaged")
    with pytest.raises(Misuse, match="is there already, and the store does not have it. Add it"):
        data.fetch("rows:2", place)
    assert place.read_text() == "a\n1\n"
    data.add("rows", place)
    data.fetch("rows:2", place)
    assert place.read_text() == "other"


def test_a_file_and_a_folder_that_are_kept_replace_each_other(data: LocalData, tmp_path: Path) -> None:
    place = parts(tmp_path / "place", "1", "2")
    folder, file = data.add("rows", place), data.add("rows", table(tmp_path / "a.csv"))
    for version in (file, folder, file):
        data.fetch(version.reference, place)
        assert digest.of_path(place) == version.digest
    assert {path.name for path in tmp_path.iterdir()} == {"place", "a.csv", ".mlops"}


def add(state: Path, place: Path) -> int:
    return LocalData(state).add("rows", place).version


def test_data_added_at_once_gets_versions_of_its_own(state: Path, tmp_path: Path) -> None:
    places = [table(tmp_path / str(number) / "a.csv", str(number // 2)) for number in range(12)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        versions = pool.starmap(add, [(state, place) for place in places])
    assert sorted(set(versions)) == [1, 2, 3, 4, 5, 6]
    assert all(versions[number] == versions[number + 1] for number in range(0, 12, 2))
    assert LocalData(state).verify() == ()


def test_the_record_of_a_version_is_plain_json(data: LocalData, state: Path, tmp_path: Path) -> None:
    version = data.add("rows", table(tmp_path / "a.csv"), {"owner": "a@example.org"}, "why")
    written = json.loads((state / "data" / "rows" / "1" / "version.json").read_text())
    assert written == vars(version)
