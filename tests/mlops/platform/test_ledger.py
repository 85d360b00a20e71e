"""The ledger on the laptop."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops.platform.local.ledger import LocalLedger
from tests.mlops.platform.ledgers import LedgerContract


class TestLocalLedger(LedgerContract):
    @pytest.fixture
    def again(self, tmp_path: Path) -> Callable[[], LocalLedger]:
        return lambda: LocalLedger(tmp_path)

    def test_nobody_writes_over_an_entry(self, tmp_path: Path) -> None:
        LocalLedger(tmp_path).append("dev", b"a")
        assert not any(file.stat().st_mode & 0o222 for file in (tmp_path / "ledger").glob("*/*.json"))
