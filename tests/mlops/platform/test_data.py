"""The store of data on the laptop: what goes in comes out as it was."""

import json
import multiprocessing
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Misuse
from mlops.platform.local.data import LocalData
from tests.mlops.platform.data_contract import *  # noqa: F403
from tests.mlops.platform.stored import parts, table, written


def inodes(folder: Path) -> set[int]:
    return {path.stat().st_ino for path in folder.rglob("*.csv")}


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
