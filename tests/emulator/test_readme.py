"""The table of rules in the README is complete."""

import pytest

from tests.emulator import table
from tests.emulator.rules import RULES


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_rule_has_a_source_and_a_test_that_triggers_it(rule: str) -> None:
    assert table.source(rule), f"{rule} names no source and does not say that it is assumed"
    assert table.tests().get(rule), f"no test names {rule}"


def test_the_readme_has_the_table() -> None:
    text = table.README.read_text(encoding="utf-8")
    assert text == table.written(), "write the table again: python -m tests.emulator.table"
