"""The ledger on the laptop: entries are numbered in each environment, and none is written twice."""

from multiprocessing.pool import ThreadPool
from pathlib import Path

from mlops.platform.base import Entry
from mlops.platform.local.ledger import LocalLedger


def test_entries_come_back_by_environment_and_number(tmp_path: Path):
    ledger = LocalLedger(tmp_path)
    assert ledger.read() == ()
    for environment, content in (("prod", b"a"), ("dev", b"b"), ("prod", b"c")):
        ledger.append(environment, content)
    assert LocalLedger(tmp_path).read() == (Entry("dev", 1, b"b"), Entry("prod", 1, b"a"), Entry("prod", 2, b"c"))
    assert not any(file.stat().st_mode & 0o222 for file in (tmp_path / "ledger").glob("*/*.json"))


def append(state: Path, content: bytes) -> None:
    LocalLedger(state).append("prod", content)


def test_many_who_write_at_once_lose_nothing(tmp_path: Path):
    wanted = [b"%d" % number for number in range(12)]
    with ThreadPool(3) as pool:
        pool.starmap(append, [(tmp_path, content) for content in wanted])
    found = LocalLedger(tmp_path).read()
    assert [entry.number for entry in found] == list(range(1, 13))
    assert sorted(entry.content for entry in found) == sorted(wanted)
