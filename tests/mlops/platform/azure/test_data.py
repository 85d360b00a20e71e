"""Data as assets of a workspace: what goes in comes out as it was, and nothing is sent twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, local
from typing import Any

import pytest

from mlops import digest
from mlops.errors import Failure
from mlops.platform.azure.assets import Assets
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.names import Names
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import GROUP, WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.bytes import kept as kept
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.seen import Seen
from tests.mlops.platform.data_contract import *  # noqa: F403
from tests.mlops.platform.stored import parts, table

ROWS = f"{WORKSPACE}/data/rows/versions"


@pytest.fixture
def data(azure: Azure, kept: Bytes, tmp_path: Path) -> AzureData:
    return AzureData(azure, tmp_path)


def versions(cloud: Cloud) -> list[str]:
    return [each["name"] for each in cloud.arm.below(ROWS.removesuffix("/versions"))]


def test_what_is_there_is_not_sent_again(data: AzureData, kept: Bytes, tmp_path: Path) -> None:
    first = data.add("rows", parts(tmp_path / "a", "1", "2", "3"))
    since = len(kept.cloud.journal)
    assert data.add("rows", tmp_path / "a") == first and kept.puts(since) == 0
    other = data.add("others", parts(tmp_path / "b", "1", "2", "3"))
    assert other.digest == first.digest and kept.puts(since) == 0
    assert sorted(kept.all(f"mlops/data/{first.digest}/")) == [
        f"mlops/data/{first.digest}/deep/{number}.csv" for number in range(3)
    ]


def test_the_same_bytes_under_another_file_name_are_kept_once(data: AzureData, kept: Bytes, tmp_path: Path) -> None:
    for name in ("a", "b"):
        version = data.add(name, table(tmp_path / f"{name}.csv"))
    assert [*kept.all("mlops/data/")] == [f"mlops/data/{version.digest}/a.csv"] and data.verify() == ()
    assert data.content("b").name == "a.csv"


@pytest.mark.parametrize("sent", [0, 1, 4])
def test_an_add_whose_connection_is_lost_goes_on_where_it_was(
    data: AzureData, kept: Bytes, tmp_path: Path, sent: int, seen: Seen
) -> None:
    place = parts(tmp_path / "a", *"01234")
    kept.lose(after=sent)
    with seen.fails("a connection lost while data are added", "Repeat the same command"):
        data.add("rows", place)
    assert versions(kept.cloud) == [] and len(kept.all("mlops/data/")) == sent
    kept.cloud.mend()
    since = len(kept.cloud.journal)
    version = data.add("rows", place)
    assert kept.puts(since) == 5 - sent
    assert (version.version, versions(kept.cloud)) == (1, ["1"]) and data.verify() == ()


def test_a_second_clone_gets_the_same_bytes(data: AzureData, azure: Azure, tmp_path: Path) -> None:
    version = data.add("rows", parts(tmp_path / "a", "1", "2"), {"purpose": "p" * 1000}, "why")
    clone = AzureData(azure, tmp_path / "clone")
    assert clone.get("rows") == clone.named(version.digest) == version
    clone.fetch("rows:1", tmp_path / "clone" / "data")
    assert digest.of_files(tmp_path / "clone" / "data") == digest.of_files(tmp_path / "a")


def test_a_file_that_is_written_to_while_it_is_sent_is_not_kept(
    data: AzureData, kept: Bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, of_file = table(tmp_path / "a.csv"), digest.of_file

    def then_written(path: Path) -> str:
        found = of_file(path)
        table(place, "other")
        return found

    monkeypatch.setattr(digest, "of_file", then_written)
    with pytest.raises(Failure, match="a.csv was written to while it was sent. Repeat"):
        data.add("rows", place)
    assert kept.all("mlops/data/") == {} and versions(kept.cloud) == []


HARM: dict[str, Callable[[Bytes, str], None]] = {
    "changed": lambda kept, place: kept.write(f"{place}/deep/0.csv", b"x"),
    "the same": lambda kept, place: kept.write(f"{place}/deep/0.csv", b"0"),
    "one more": lambda kept, place: kept.write(f"{place}/more.csv", b"more"),
    "missing": lambda kept, place: kept.remove(f"{place}/deep/0.csv"),
}


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("changed", "deep/0.csv was written by somebody else. Put it right from .*: mlops data add rows PATH --on dev"),
        ("the same", "deep/0.csv was written by somebody else"),
        ("one more", "more.csv was written by somebody else"),
        ("missing", "no longer holds rows:1: a file is missing, or one too many"),
    ],
)
def test_a_blob_that_was_changed_under_a_known_version_is_refused(
    data: AzureData, kept: Bytes, tmp_path: Path, how: str, sentence: str
) -> None:
    version = data.add("rows", parts(tmp_path / "a", "0", "1"))
    assert data.unchanged("rows:1") == version and data.verify() == ()
    HARM[how](kept, f"mlops/data/{version.digest}")
    with pytest.raises(Failure, match=sentence):
        data.unchanged("rows:1")
    assert len(data.verify("rows")) == 1
    assert data.add("rows", tmp_path / "a") == version
    assert (data.verify() == ()) == (how != "one more"), "what is one too many stays until somebody removes it"


def test_bytes_that_are_no_longer_those_of_a_version_are_not_fetched(
    data: AzureData, azure: Azure, kept: Bytes, tmp_path: Path
) -> None:
    version = data.add("rows", parts(tmp_path / "a", "0", "1"))
    HARM["changed"](kept, f"mlops/data/{version.digest}")
    clone = AzureData(azure, tmp_path / "clone")
    for act in (lambda: clone.fetch("rows:1", tmp_path / "b"), lambda: clone.content("rows:1")):
        with pytest.raises(Failure, match="stored bytes of rows:1 no longer have its digest"):
            act()
    assert not (tmp_path / "b").exists()


def test_a_profile_is_kept_beside_the_bytes(data: AzureData, tmp_path: Path) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    assert data.profile("rows:1") is None
    data.keep_profile("rows:1", {"rows": 1})
    assert data.profile("rows:1") == {"rows": 1} and data.verify() == ()


def test_one_name_is_for_files_or_for_folders(data: AzureData, tmp_path: Path) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    with pytest.raises(Failure, match="The type of the data is uri_folder, and its container has uri_file"):
        data.add("rows", parts(tmp_path / "b", "1", "2"))


@pytest.mark.parametrize("tags", [{}, {"digest": "0" * 64}, {"digest": "theirs", "bytes": "1", "files": "1"}])
def test_what_somebody_else_registered_is_left_alone(
    data: AzureData, kept: Bytes, tmp_path: Path, tags: dict[str, str]
) -> None:
    kept.write("theirs", b"1")
    uri = "azureml://datastores/workspaceblobstore/paths/theirs"
    tags = tags and tags | {"digest": digest.of_file(table(tmp_path / "a.csv"))}
    kept.cloud.arm.put(OWNER, f"{ROWS}/1", {"properties": {"dataUri": uri, "dataType": "uri_file", "tags": tags}})
    assert data.list() == ()
    assert data.add("rows", table(tmp_path / "a.csv")).version == 2
    assert data.resolve("absent", "1") is None


def test_data_added_at_once_gets_versions_of_its_own(
    data: AzureData, cloud: Cloud, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first four have all looked before one of them writes."""
    known, looked, own = Assets.all, Barrier(4, timeout=60), local()

    def all_looked(self: Assets, name: str | None = None) -> list[Any]:
        found, own.looks = known(self, name), getattr(own, "looks", 0) + 1
        if own.looks == 2:  # the first look is at the kind that the name has
            looked.wait()
        return found

    monkeypatch.setattr(Assets, "all", all_looked)
    places = [table(tmp_path / str(number) / "a.csv", str(number // 2)) for number in range(8)]

    def add(place: Path) -> int:
        return AzureData(Azure(names, "dev"), tmp_path).add("rows", place).version

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(add, places))
    assert any(call.refused == "UserError" for call in cloud.arm.calls), "two took the same number"
    assert sorted(set(numbers)) == [1, 2, 3, 4] and data.verify() == ()
    assert all(numbers[number] == numbers[number + 1] for number in range(0, 8, 2))


def test_a_workspace_that_is_not_there_is_said(data: AzureData, names: Names, tmp_path: Path) -> None:
    gone = AzureData(Azure(replace(names, workspace="mlw-gone"), "dev"), tmp_path)
    for act in (gone.list, lambda: gone.add("rows", table(tmp_path / "a.csv"))):
        with pytest.raises(Failure, match="what dev should have is not there"):
            act()


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ((), "this login may not do Microsoft.MachineLearningServices/workspaces/read on dev. docs/rights.md says who"),
        (("Reader", "AzureML Data Scientist"), "this login has no role for these files or images of dev"),
        (("Reader", "Storage Blob Data Contributor"), "may not do Microsoft.*/workspaces/data/versions/write on dev"),
    ],
)
def test_a_role_that_is_missing_is_said(
    data: AzureData, names: Names, tmp_path: Path, as_person: AsPerson, roles: tuple[str, ...], sentence: str
) -> None:
    stranger = AzureData(as_person(f"somebody with {roles}", dict.fromkeys(roles, GROUP)), tmp_path)
    with pytest.raises(Failure, match=sentence):
        stranger.add("rows", table(tmp_path / "a.csv"))
