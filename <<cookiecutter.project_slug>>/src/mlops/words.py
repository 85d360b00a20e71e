"""What people write on a command line, and values and counts as a person would write them."""

from collections.abc import Iterable
from typing import Any

from mlops.errors import Misuse


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


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "es" if thing.endswith("s") else "s")


def shown(value: Any) -> str:
    """A value as a person would write it, cut to 40 characters."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    return f"{value:.15g}" if isinstance(value, float) else str(value)
