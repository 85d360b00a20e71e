"""A damaged, killed or full store of data: a sentence says what is wrong, and nothing is lost."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Failure, Misuse
from mlops.platform.local.data import LocalData
from tests.mlops.platform.lab import environment
from tests.mlops.platform.stored import DAMAGE, MIB, parts, sparse, table, written


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_not_fetched_and_put_right_by_the_same_data(
    data: LocalData, state: Path, tmp_path: Path, kind: str
) -> None:
    harm, sentence = DAMAGE[kind]
    version = data.add("rows", parts(tmp_path / "a", "1", "2"))
    harm(state / "data" / "rows" / "1")
    assert [sentence in fault for fault in data.verify("rows:1")] == [True]
    assert len(data.verify()) == 1
    if kind != "list":
        with pytest.raises(Failure, match="rows:1 no longer have its digest"):
            data.fetch("rows:1", tmp_path / "back")
        assert not (tmp_path / "back").exists()
    assert data.add("rows", tmp_path / "a") == version
    assert data.verify() == ()
    assert data.add("others", tmp_path / "a").digest == version.digest and data.verify() == ()


def test_a_version_whose_bytes_are_gone_is_said(data: LocalData, tmp_path: Path) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    data.content("rows").unlink()
    with pytest.raises(Failure, match=r"a.csv of rows:1 is missing. Put it right .* mlops data add rows PATH"):
        data.fetch("rows:1", tmp_path / "back.csv")


def test_files_that_are_of_no_version_are_named(data: LocalData, state: Path, tmp_path: Path) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    foreign = ("notes.txt", "rows/notes.txt", "rows/2")
    for name in foreign:
        table(state / "data" / name)
    faults = data.verify()
    assert len(faults) == len(foreign)
    assert all(any(f"{state / 'data' / name} belongs to no version" in each for each in faults) for name in foreign)
    assert data.verify("rows:1") == ()


@pytest.mark.parametrize("content", [None, "", "[]", '{"name": "rows"}'])
@pytest.mark.parametrize("number", [1, 2])
def test_a_damaged_record_is_named_and_stops_no_other_version(
    data: LocalData, state: Path, tmp_path: Path, number: int, content: str | None
) -> None:
    versions = [data.add("rows", table(tmp_path / "a.csv", each)) for each in ("1", "2")]
    record = state / "data" / "rows" / str(number) / "version.json"
    record.unlink()
    if content is not None:
        record.write_text(content)
    sound = versions[2 - number]
    how = "missing" if content is None else "damaged"
    damaged = f"{record} of rows:{number} is {how}. Restore it; or add what is in `content`"
    assert data.list() == (sound,) and data.get(sound.reference) == sound and data.verify(sound.reference) == ()
    [fault] = data.verify()
    assert fault.startswith(damaged) and "Remove" not in fault
    for ask in (data.get, data.content, data.verify):
        with pytest.raises(Misuse, match=f"version.json of rows:{number} is"):
            ask(f"rows:{number}")
    with pytest.raises(Misuse, match=rf"There are: .*rows:{number} \(damaged\)"):
        data.get("rows:7")
    assert data.add("rows", table(tmp_path / "a.csv", str(number))).version == 3


def test_the_latest_is_never_an_older_one_because_a_record_is_damaged(
    data: LocalData, state: Path, tmp_path: Path
) -> None:
    for each in ("1", "2"):
        data.add("rows", table(tmp_path / "a.csv", each))
    written(state / "data" / "rows" / "2" / "version.json", "{")
    with pytest.raises(Misuse, match="2/version.json of rows:2 is damaged"):
        data.get("rows")


def test_a_version_whose_folder_was_emptied_is_gone_and_its_number_is_not_given_again(
    data: LocalData, state: Path, tmp_path: Path
) -> None:
    data.add("rows", table(tmp_path / "a.csv"))
    shutil.rmtree(state / "data" / "rows" / "1")
    (state / "data" / "rows" / "1").mkdir()
    assert data.list() == () and data.verify() == () and not list(state.rglob("a.csv"))
    assert data.resolve("rows", "1") is None
    assert data.add("rows", table(tmp_path / "a.csv", "2")).version == 2


ADD = "import sys; from pathlib import Path; from mlops.platform.local.data import LocalData\n"
ADD += "try: LocalData(Path(sys.argv[1])).add('rows', Path(sys.argv[2]))\n"
ADD += "except Exception as error: sys.exit(f'{type(error).__name__}: {error}')"


def adding(state: Path, place: Path, limit: tuple[int, int] | None = None) -> subprocess.Popen[str]:
    """A process that adds a file, under a limit of the kernel's."""
    command = [sys.executable, "-c", ADD, str(state), str(place)]
    restrict = (lambda: resource.setrlimit(limit[0], (limit[1], limit[1]))) if limit else None
    return subprocess.Popen(command, env=environment(), preexec_fn=restrict, stderr=subprocess.PIPE, text=True)


def test_killed_in_the_middle_nothing_is_listed_and_the_repeat_works(
    data: LocalData, state: Path, tmp_path: Path
) -> None:
    """A file is half copied whenever the kill comes, since somebody goes on writing it until then."""
    place, stop = sparse(tmp_path / "a.bin", 8), threading.Event()

    def write() -> None:
        with place.open("ab") as stream:
            while not stop.is_set():
                stream.write(bytes(4 * MIB))

    writer = threading.Thread(target=write)
    child = adding(state, place)
    writer.start()
    try:
        while child.poll() is None and not any(state.rglob("a.bin")):
            time.sleep(0.005)
    finally:
        child.send_signal(signal.SIGKILL)
        stop.set()
        writer.join()
    assert child.wait() == -signal.SIGKILL
    assert any(state.rglob("a.bin")) and data.list() == () and data.verify() == ()
    sparse(place, 8)
    assert data.add("rows", place).version == 1
    assert [path.name for path in state.rglob("a.bin")] == ["a.bin"] and data.verify() == ()


def test_a_full_disk_is_a_sentence_and_loses_nothing(data: LocalData, state: Path, tmp_path: Path) -> None:
    kept = data.add("rows", table(tmp_path / "a.csv"))
    child = adding(state, sparse(tmp_path / "large.bin", 5), (resource.RLIMIT_FSIZE, 4 * MIB))
    _, said = child.communicate()
    assert said.startswith("Failure: could not write") and "File too large" in said and "Free some space" in said
    assert data.list() == (kept,) and data.verify() == () and not list(state.rglob("large.bin"))


def test_data_larger_than_memory_is_added(data: LocalData, state: Path, tmp_path: Path) -> None:
    child = adding(state, sparse(tmp_path / "large.bin", 300), (resource.RLIMIT_AS, 250 * MIB))
    _, said = child.communicate()
    assert (child.returncode, said) == (0, "")
    assert data.get("rows").bytes == 300 * MIB


def test_of_a_file_that_changes_meanwhile_what_was_stored_counts(data: LocalData, tmp_path: Path) -> None:
    place, stop = sparse(tmp_path / "a.bin", 32), threading.Event()

    def write() -> None:
        with place.open("r+b") as stream:
            while not stop.is_set():
                stream.seek(0)
                stream.write(os.urandom(MIB))
                stream.seek(31 * MIB)
                stream.write(os.urandom(MIB))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        version = data.add("rows", place)
    finally:
        stop.set()
        writer.join()
    assert digest.of_path(data.content("rows")) == version.digest and data.verify() == ()
