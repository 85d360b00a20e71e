"""Spec files with one random change each."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Way = tuple[Any, ...]
OTHER_KINDS: tuple[Any, ...] = ("some text", 7, -2.5, True, None, [], ["a", 1], {}, {"a": "b"})


def mutants(files: list[Path], count: int, seed: int) -> Iterator[tuple[Path, str]]:
    """`count` changed copies, each beside the file that it was made from, with what was changed."""
    draw = random.Random(seed)
    for number in range(count):
        file = draw.choice(files)
        document = yaml.safe_load(file.read_text("utf-8"))
        changed = deepcopy(document)
        while changed == document:
            changed = deepcopy(document)
            way, change = draw.choice(list(_ways(document))), draw.choice(CHANGES)
            holder = changed
            for key in way[:-1]:
                holder = holder[key]
            change(holder, way[-1], draw)
        mutant = file.with_name(f"mutant_{number}.yml")
        mutant.write_text(yaml.safe_dump(changed, sort_keys=False), "utf-8")
        yield mutant, f"{file.name}: {change.__name__} {'.'.join(map(str, way))}"


def delete(holder: Any, key: Any, draw: random.Random) -> None:
    del holder[key]


def misspell_key(holder: Any, key: Any, draw: random.Random) -> None:
    if isinstance(holder, dict):
        items = [(_misspelt(each, draw) if each == key else each, value) for each, value in holder.items()]
        holder.clear()
        holder.update(items)


def misspell_value(holder: Any, key: Any, draw: random.Random) -> None:
    if isinstance(holder[key], str):
        holder[key] = _misspelt(holder[key], draw)


def change_kind(holder: Any, key: Any, draw: random.Random) -> None:
    holder[key] = deepcopy(draw.choice(OTHER_KINDS))


def duplicate(holder: Any, key: Any, draw: random.Random) -> None:
    if isinstance(holder, dict):
        holder[f"{key}_2"] = deepcopy(holder[key])
    else:
        holder.append(deepcopy(holder[key]))


def rename_binding(holder: Any, key: Any, draw: random.Random) -> None:
    if isinstance(holder[key], str) and "}}" in holder[key]:
        holder[key] = holder[key].replace("}}", "_2}}", 1)


CHANGES: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    delete,
    misspell_key,
    misspell_value,
    change_kind,
    duplicate,
    rename_binding,
)


def _ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to each entry below the root, except the `$schema` that says how to load a file."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        if key != "$schema":
            yield (*way, key)
            yield from _ways(inner, (*way, key))


def _misspelt(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text)) if text else 0
    return draw.choice((text[:at] + text[at + 1 :], text[:at] + text[at : at + 1] * 2 + text[at + 1 :]))
