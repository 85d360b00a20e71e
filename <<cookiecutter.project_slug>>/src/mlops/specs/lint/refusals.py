"""All that is refused, though what refuses stops at the first: each refused part is left out, and it goes on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs.expressions import EXPRESSION
from mlops.specs.load import Item, kept

MOST = 100
PARTS = frozenset({"inputs", "outputs", "environment_variables"})


def refusals(attempt: Callable[[], object]) -> list[Misuse]:
    """Every Misuse that an attempt at reading specs raises, but none that only follows from another one."""
    found: list[Misuse] = []
    gone: set[str] = set()
    with kept() as documents:
        for _ in range(MOST):
            try:
                attempt()
                break
            except Misuse as error:
                if not any(re.search(rf"[`.]{re.escape(name)}[`.}}]", error.what) for name in gone):
                    found.append(error)
                if not (left_out := _leave_out(error, documents)):
                    break
                gone |= left_out
    return found


def _leave_out(error: Misuse, documents: Mapping[Path, Item]) -> set[str]:
    """Take what an error is about out of its document; the names of what went, empty where there is nothing to take."""
    root = documents.get(Path(error.file or "").absolute())
    keys = [] if root is None or error.line is None else _keys(root, error.line)
    if root is None or not keys:
        return set()
    node = keys.index("jobs") + 2 if "jobs" in keys[:-1] else 0
    if node and not (len(keys) > node + 1 and keys[node] in PARTS):
        keys = keys[:node]
        if unset := _unset(set(re.findall(r"`(\w+)`", error.what)), documents):
            return unset
    elif part := [at for at, key in enumerate(keys[:-1]) if key in PARTS]:
        keys = keys[: part[-1] + 2]
    parent = root
    for key in keys[:-1]:
        parent = parent.value[key]
    key, item = keys[-1], parent.value[keys[-1]]
    fragment = EXPRESSION.search(error.what)
    if key == "command" or (fragment and isinstance(item.value, str) and fragment[0] in item.value.strip()[1:]):
        text = str(item.value).replace(fragment[0] if fragment else str(item.value), ".")
        parent.value[key] = replace(item, value=text)
        return {fragment[0] if fragment else key}
    del parent.value[key]
    if node and keys[node:-1] == ["inputs"]:
        _unset({key}, documents)
    return set() if keys[-2:-1] == ["jobs"] and not parent.value else {key}


def _unset(names: set[str], documents: Mapping[Path, Item]) -> set[str]:
    """Make the inputs of that name optional, in every component; those that were not."""
    changed = set()
    for name in names:
        for root in documents.values():
            inputs = root.get("inputs")
            port = inputs.get(name) if inputs else None
            if port and isinstance(port.value, dict) and not port.get("optional") and not port.get("path"):
                port.value["optional"] = Item(True, port.place)
                changed.add(name)
    return changed


def _keys(item: Item, line: int) -> list[str]:
    """The way to the innermost entry that covers a line."""
    found: list[str] = []
    while isinstance(item.value, dict):
        inner = [
            (key, each)
            for key, each in item.value.items()
            if each.place.line <= line < each.place.line + max(1, len(each.lines))
        ]
        if not inner:
            break
        key, item = max(inner, key=lambda pair: pair[1].place.line)
        found.append(key)
        if item.place.line == line:
            break
    return found
