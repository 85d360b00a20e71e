"""What people write, on a command line and as reasons, and values and counts as a person would write them."""

import re
from collections.abc import Iterable
from typing import Any

from mlops.errors import Misuse

LATER = re.compile(r"\b(?:TODO|TBD|FIXME)\b.*|^\W*(?i:todo|tbd|fixme)\W*(?::.*)?$", re.MULTILINE)
"""Words that put an answer off. In small letters only on a line of their own: `todo` is a word in Spanish."""


def pairs(option: str, items: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping. Raises Misuse for other texts, and for a name that is given twice."""
    found = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals:
            raise Misuse(f"{option} {item}: write it as NAME=VALUE.")
        if name in found:
            raise Misuse(f"{option} {name}: it is given twice. Keep one.")
        found[name] = value
    return found


def letters(text: str) -> int:
    """How many letters and digits a text has, but for what puts it off, as `TODO` and the rest of its line."""
    return len(re.findall(r"[^\W_]", LATER.sub("", text)))


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "es" if thing.endswith("s") else "s")


def short(run: str) -> str:
    """The id of a run: whole, unless it is digits alone."""
    return run if "-" in run else run[:8]


def shown(value: Any) -> str:
    """A value as a person would write it, cut to 40 characters."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    return f"{value:.15g}" if isinstance(value, float) else str(value)
