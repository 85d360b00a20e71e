"""The longest answers still make names that Azure takes."""

import re

import pytest
from names import SHORT, Names, guid

LONGEST, SHORTEST, SUFFIX = "abcdefghi9", "ab", "0a9z"
LIMITS = {
    "storage": r"[a-z0-9]{3,24}",
    "images": r"[a-zA-Z0-9]{5,50}",
    "vault": r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "workspace": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
    "logs": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
}
"""Naming rules and restrictions for Azure resources (Microsoft, 2026)."""


@pytest.mark.parametrize("environment", SHORT)
@pytest.mark.parametrize("short_name", [LONGEST, SHORTEST])
@pytest.mark.parametrize("kind", LIMITS)
def test_a_name_with_a_suffix_fits(kind: str, short_name: str, environment: str) -> None:
    name = getattr(Names(short_name, environment), kind)(SUFFIX)
    assert re.fullmatch(LIMITS[kind], name)
    assert name.endswith(SUFFIX)


@pytest.mark.parametrize("kind, what", [("id", "workspace"), ("ag", ""), ("budget", ""), ("appi", "")])
def test_any_other_name_fits_the_strictest_rule(kind: str, what: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,61}[a-z0-9]", Names(LONGEST, "staging").of(kind, what))


def test_environments_and_suffixes_never_share_a_name() -> None:
    made = {Names("triage", each).storage(suffix) for each in SHORT for suffix in ("aaaa", "bbbb")}
    assert len(made) == 6


def test_a_guid_depends_on_every_part_and_on_nothing_else() -> None:
    assert guid("a", "b") == guid("A", "b")
    assert len({guid("a", "b"), guid("ab"), guid("b", "a"), guid("a", "b", "c")}) == 4
