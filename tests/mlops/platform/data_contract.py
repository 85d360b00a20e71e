"""What every store of data does, on the laptop and in Azure: the test files of the stores take it up."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Misuse
from mlops.platform.base import Data
from tests.mlops.platform.stored import link, linked, parts, table


def test_versions_count_up_and_the_same_bytes_find_theirs(data: Data, tmp_path: Path) -> None:
    about = {"owner": "a@example.org", "keep_until": "2030-12-31"}
    first = data.add("rows", table(tmp_path / "a.csv"), about, "the first")
    second = data.add("rows", table(tmp_path / "b.csv", "a\n2\n"))
    again = data.add("rows", table(tmp_path / "c.csv"))
    assert (first.reference, first.bytes, first.files, first.message) == ("rows:1", 4, 1, "the first")
    assert first.about == about and second.version == 2 and again == first
    assert data.list() == (first, second)
    assert data.named(second.digest) == second and data.named("0" * 64) is None


def test_a_file_and_a_folder_have_the_digest_that_a_run_records(data: Data, tmp_path: Path) -> None:
    file, folder = table(tmp_path / "a.csv"), parts(tmp_path / "parts", "1", "2")
    for name, place in (("row", file), ("rows", folder)):
        version = data.add(name, place)
        assert version.digest == digest.of_path(place) == digest.of_path(data.content(version.reference))
        data.fetch(version.reference, tmp_path / "back" / place.name)
        assert digest.of_path(tmp_path / "back" / place.name) == version.digest
    assert data.content("row:1").name == "a.csv" and data.content("rows:1").is_dir()


@pytest.mark.parametrize("reference", ["rows:3", "rows:x", "rows@000000000000", "rows@", ":1", "other", "../rows", ""])
def test_a_reference_that_names_nothing_is_said_with_what_there_is(data: Data, tmp_path: Path, reference: str) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    with pytest.raises(Misuse, match="rows"):
        data.get(reference)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a:1", "a@b", "a" * 300])
def test_names_that_are_no_names_are_refused(data: Data, state: Path, tmp_path: Path, name: str) -> None:
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
    data: Data, tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(Misuse, match=sentence):
        data.add("rows", make(tmp_path / "given"))
    assert data.list() == () and data.verify() == ()


def test_a_fetch_replaces_only_what_the_store_has(data: Data, tmp_path: Path) -> None:
    place = table(tmp_path / "a.csv")
    data.add("rows", place)
    table(place, "changed")
    with pytest.raises(Misuse, match="is there already, and the store does not have it"):
        data.fetch("rows:1", place)
    assert place.read_text() == "changed"
    data.add("rows", place)
    data.fetch("rows:1", place)
    assert place.read_text() == "a\n1\n"


def test_a_file_and_a_folder_that_are_kept_replace_each_other(data: Data, tmp_path: Path) -> None:
    place = parts(tmp_path / "place", "1", "2")
    folder, file = data.add("rows", place), data.add("row", table(tmp_path / "a.csv"))
    for version in (file, folder, file):
        data.fetch(version.reference, place)
        assert digest.of_path(place) == version.digest
    assert not any(tmp_path.glob(".place*"))
