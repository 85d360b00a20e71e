"""`projects.yaml`, whole and consistent, or refused in sentences."""

from collections.abc import Iterator
from pathlib import Path

from mlops.errors import Misuse
from mlops.sections import validated
from mlops.specs.load import Item, read

from .rules import broken
from .types import Organisation

EXAMPLE = "00000000-0000-0000-0000-0000000001"
"""How ids start that are the example's."""


def load(path: Path) -> Organisation:
    """Read `projects.yaml`. Raises Misuse with every mistake at its line."""
    document, found = read(path), []
    try:
        organisation = validated(Organisation, document.plain(), document)
    except Misuse as mistakes:
        found.append(str(mistakes))
    found += map(str, broken(document))
    if found:
        raise Misuse("\n".join(found))
    return organisation


def unfilled(path: Path) -> list[str]:
    """A sentence for each id that is still the example's."""

    def walk(item: Item, name: str) -> Iterator[str]:
        if isinstance(item.value, dict):
            for key, inner in item.value.items():
                yield from walk(inner, f"{name}.{key}" if name else key)
        elif isinstance(item.value, str) and EXAMPLE in item.value:
            yield str(item.wrong(f"`{name}` is still the example's. Write your organisation's."))

    return list(walk(read(path), ""))
