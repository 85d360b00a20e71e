"""The store of data on the laptop: what goes in comes out as it was, or a sentence says what is wrong with it."""

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mlops import digest
from mlops.errors import Failure, Misuse
from mlops.platform.base import Submission
from mlops.platform.local.data import LocalData
from mlops.platform.local.lock import locked
from mlops.specs.types import Asset
from tests.mlops.platform.lab import Lab, environment, job, node

MIB = 2**20


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".mlops"


@pytest.fixture
def data(state: Path) -> LocalData:
    return LocalData(state)


def table(place: Path, content: str = "a\n1\n") -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def parts(folder: Path, *contents: str) -> Path:
    for number, content in enumerate(contents):
        table(folder / "deep" / f"{number}.csv", content)
    return folder


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


def link(place: Path) -> Path:
    place.symlink_to(table(place.with_name("real.csv")))
    return place


def linked(folder: Path) -> Path:
    link(table(folder / "a.csv").with_name("b.csv"))
    return folder


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


def written(path: Path, content: str) -> None:
    path.chmod(0o644)
    path.write_text(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (lambda place: written(place / "content" / "deep" / "0.csv", "x"), "0.csv of rows:1 is damaged"),
    "missing": (lambda place: (place / "content" / "deep" / "1.csv").unlink(), "1.csv of rows:1 is missing"),
    "foreign": (lambda place: table(place / "content" / "more.csv"), "more.csv does not belong to rows:1. Remove it."),
    "list": (lambda place: written(place / "files.json", "{"), "files.json is damaged"),
}


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


ADD = "import sys; from pathlib import Path; from mlops.platform.local.data import LocalData\n"
ADD += "try: LocalData(Path(sys.argv[1])).add('rows', Path(sys.argv[2]))\n"
ADD += "except Exception as error: sys.exit(f'{type(error).__name__}: {error}')"


def adding(state: Path, place: Path, limit: tuple[int, int] | None = None) -> subprocess.Popen[str]:
    """A process that adds a file, under a limit of the kernel's."""
    command = [sys.executable, "-c", ADD, str(state), str(place)]
    restrict = (lambda: resource.setrlimit(limit[0], (limit[1], limit[1]))) if limit else None
    return subprocess.Popen(command, env=environment(), preexec_fn=restrict, stderr=subprocess.PIPE, text=True)


def sparse(place: Path, mib: int) -> Path:
    with place.open("wb") as stream:
        stream.truncate(mib * MIB)
    return place


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


def named(path: Path, source: str = "azureml:rows@latest", version: str = "") -> Asset:
    return Asset(path, "uri_folder" if path.is_dir() else "uri_file", source, version)


def reading(asset: Asset) -> dict:
    return {"inputs": {"table": asset}}


def test_a_run_keeps_the_named_data_of_the_project(lab: Lab, tmp_path: Path) -> None:
    place, outside = lab.write("data/a.csv", "a\n1\n"), table(tmp_path / "outside.csv")
    about = {"rows": {"owner": "a@example.org"}}
    inputs = {"table": named(place), "out": named(outside, "azureml:others@latest"), "path": named(place, "a.csv")}
    jobs = lab.platform.jobs
    run = jobs.submit(Submission(job(node("one", "true"), inputs=inputs), about=about))
    list(jobs.follow(run))
    read = jobs.describe(run)["data"]
    [kept] = lab.platform.data.list()
    assert (kept.reference, kept.message, kept.about) == ("rows:1", f"read by run {run[:8]}", about["rows"])
    assert (read["table"]["version"], read["table"]["digest"]) == ("rows:1", kept.digest)
    assert read["out"]["version"] is None and read["path"]["version"] is None
    again = lab.run(node("one", "true"), **reading(named(place)))
    assert again.record["data"]["table"]["version"] == "rows:1" and lab.platform.data.list() == (kept,)
    lab.write("data/a.csv", "a\n2\n")
    changed = lab.run(node("one", "true"), **reading(named(place)))
    assert changed.record["data"]["table"]["version"] == "rows:2"


def test_named_data_that_the_store_does_not_take_is_read_all_the_same(lab: Lab) -> None:
    done = lab.run(node("one", "true"), **reading(named(linked(lab.path / "data"))))
    assert done.status == 0 and done.record["data"]["table"]["version"] is None
    assert lab.platform.data.list() == ()


def test_a_changed_file_under_a_known_version_is_refused(lab: Lab) -> None:
    place = lab.write("data/a.csv", "a\n1\n")
    lab.platform.data.add("rows", place)
    assert lab.run(node("one", "true"), **reading(named(place, version="rows:1"))).status == 0
    lab.write("data/a.csv", "a\n2\n")
    with pytest.raises(Misuse, match=r"a.csv no longer has the bytes of rows:1.*mlops data add rows"):
        lab.run(node("one", "true"), **reading(named(place, version="rows:1")))
    assert len(list(lab.state.glob("runs/*"))) == 1
    assert lab.run(node("one", "true"), **reading(named(place, version="rows:2"))).status == 0


@pytest.mark.parametrize("kind", ["damaged", "missing", "foreign"])
def test_a_run_of_a_stored_version_that_was_changed_is_refused(lab: Lab, kind: str) -> None:
    data = lab.platform.data
    data.add("rows", parts(lab.path / "data", "1", "2"))
    stored = named(data.content("rows"), "azureml:rows:1", "rows:1")
    assert lab.run(node("one", "true"), **reading(stored)).record["data"]["table"]["version"] == "rows:1"
    DAMAGE[kind][0](lab.state / "data" / "rows" / "1")
    with pytest.raises(Failure, match="stored bytes of rows:1 were changed.*mlops data verify rows:1"):
        lab.run(node("one", "true"), **reading(stored))


def test_a_full_disk_while_a_run_keeps_its_data_ends_that_run_in_a_sentence(lab: Lab) -> None:
    place = sparse(lab.path / "large.bin", 5)
    command = lab.command(node("one", "true"), **reading(named(place)))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))

    done = subprocess.run(command, env=environment(), preexec_fn=limit, capture_output=True, text=True)
    assert done.returncode == 3 and "File too large" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not list(lab.state.glob("runs/*")) and lab.platform.data.list() == ()
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_damaged_record_of_data_stops_only_a_run_that_reads_it(lab: Lab, content: str) -> None:
    data, place = lab.platform.data, lab.write("data/a.csv", "a\n1\n")
    data.add("others", place)
    lab.write(".mlops/data/others/1/version.json", content)
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"
    with pytest.raises(Misuse, match="others/1/version.json of others:1 is damaged"):
        data.resolve("others", "1")


def test_a_run_killed_while_it_keeps_its_data_is_not_running_for_ever(lab: Lab) -> None:
    """It waits for the lock of the name that it adds to, which is held until it was killed."""
    place = lab.write("a.csv", "a\n1\n")
    command = lab.command(node("one", "true"), **reading(named(place)))
    with (
        locked(lab.state / "data" / "rows" / "lock"),
        subprocess.Popen(command, env=environment()) as child,
    ):
        deadline = time.monotonic() + 60
        while not list(lab.state.glob("runs/*/run.json")) and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.02)
        child.kill()
    [file] = lab.state.glob("runs/*/run.json")
    assert json.loads(file.read_text())["state"] == "running"
    assert lab.run(node("one", "true"), **reading(named(place))).record["data"]["table"]["version"] == "rows:1"
    assert json.loads(file.read_text())["state"] == "cancelled"
    assert MlflowClient(f"sqlite:///{lab.state}/mlflow.db").get_run(file.parent.name).info.status == "KILLED"


def test_the_record_of_a_version_is_plain_json(data: LocalData, state: Path, tmp_path: Path) -> None:
    version = data.add("rows", table(tmp_path / "a.csv"), {"owner": "a@example.org"}, "why")
    written = json.loads((state / "data" / "rows" / "1" / "version.json").read_text())
    assert written == vars(version)
