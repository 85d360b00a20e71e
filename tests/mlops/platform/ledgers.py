"""What every ledger promises, for a test class of each: `again` opens the same ledger once more."""

from collections.abc import Callable
from multiprocessing.pool import ThreadPool

import pytest

from mlops.errors import Busy
from mlops.platform.base import Entry, Ledger


class LedgerContract:
    def test_entries_come_back_by_environment_and_number(self, again: Callable[[], Ledger]) -> None:
        ledger = again()
        assert ledger.read() == ()
        for environment, content in (("prod", b"a"), ("dev", b"b"), ("prod", b"c")):
            ledger.append(environment, content)
        assert again().read() == (Entry("dev", 1, b"b"), Entry("prod", 1, b"a"), Entry("prod", 2, b"c"))

    def test_many_who_write_at_once_lose_nothing(self, again: Callable[[], Ledger]) -> None:
        wanted = [b"%d" % number for number in range(12)]
        ledgers = [again() for _ in wanted]
        with ThreadPool(3) as pool:
            pool.starmap(lambda ledger, content: ledger.append("prod", content), zip(ledgers, wanted, strict=True))
        found = again().read()
        assert [entry.number for entry in found] == list(range(1, 13))
        assert sorted(entry.content for entry in found) == sorted(wanted)

    def test_one_at_a_time_acts_on_an_environment(self, again: Callable[[], Ledger]) -> None:
        ledger = again()
        with ledger.lease("dev"), again().lease("prod"):
            ledger.append("dev", b"a")
            with pytest.raises(Busy, match=r"another release command on dev is under way \(.*process \d+\)"):
                again().lease("dev").__enter__()
        with again().lease("dev"):
            pass
        assert again().read() == (Entry("dev", 1, b"a"),)
