"""The tables of calls and failures hold what tests see, no more and no less."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.mlops.platform.azure import seen
from tests.mlops.platform.azure.tables import CALLS, FAILURES, HERE, Table

BOTH = pytest.mark.parametrize("table", [CALLS, FAILURES])


def item(test: str) -> Any:
    file, _, name = test.partition(" ")
    return SimpleNamespace(path=Path(file), name=name, get_closest_marker=lambda mark: None)


@BOTH
def test_each_row_names_a_test_that_is_there(table: Table) -> None:
    """In its file, or in the contract that adapters here and there fulfil."""
    contracts = "".join(file.read_text() for file in HERE.parent.glob("*.py"))
    for test in {*table.read().values()}:
        file, _, name = test.partition(" ")
        assert f"def {name.partition('[')[0]}(" in (HERE / file).read_text() + contracts, test


@BOTH
def test_what_no_row_has_fails(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLES", raising=False)
    new = ("new",) * len(table.heads)
    with pytest.raises(AssertionError, match=f"{table.file.name} does not have .*'new'.*test_new.py"):
        seen.check(table, item("test_new.py test_something"), {new})


@BOTH
def test_a_row_whose_test_does_not_see_it_fails(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLES", raising=False)
    test = next(iter(table.read().values()))
    with pytest.raises(AssertionError, match=f"{table.file.name} says that {test.partition('[')[0]}"):
        seen.check(table, item(test), ())
