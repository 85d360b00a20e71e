"""YAML with the line of every key and value, read by the rules of PyYAML's safe loader, which is azure-ai-ml's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mlops.errors import Misuse
from mlops.specs.collect import is_refused
from mlops.specs.types import Place

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Kind = TypeVar("Kind")
MUST = {
    "str": "must be text; write it in quotes",
    "bool": "must be true or false",
    "dict": "must hold names with values, as in `name: value`",
    "list": "must be a list, as in `[a, b]`",
}


class Malformed(Misuse):
    """A file that cannot be read as YAML at all."""


class Elsewhere(Misuse):
    """Azure ML can do it, and only this machine cannot: a mistake only where jobs are to run locally."""


@dataclass(frozen=True)
class Item:
    """A value of a document: a scalar, a list of items or a dict of items, with its line.

    `place` is the line of its key where it has one; `lines` are the source lines its value spans.
    """

    value: Any
    place: Place
    lines: tuple[str, ...] = ()

    def get(self, key: str) -> Item | None:
        """The value of a key of a mapping; None where it is absent or null."""
        item = self.value.get(key) if isinstance(self.value, dict) else None
        return None if item is None or item.value is None else item

    def take(self, key: str, kind: type[Kind]) -> Kind | None:
        """What is under a key, None where it is absent or null. Raises Misuse when it is of another kind."""
        item = self.get(key)
        if item is not None and not isinstance(item.value, kind):
            raise item.wrong(f"`{key}` {MUST[kind.__name__]}.")
        return None if item is None else item.value

    def section(self, key: str) -> dict[str, Item]:
        """A mapping under a key, empty where it is absent. Raises Misuse when it is something else."""
        return self.take(key, dict) or {}

    def text(self, key: str) -> str | None:
        """A text under a key, None where it is absent. Raises Misuse when it is something else."""
        return self.take(key, str)

    @property
    def refused(self) -> bool:
        """Whether something in it was refused before, where refusals are collected."""
        return is_refused(self.place.file, self.place.line, self.place.line + len(self.lines) - 1)

    def plain(self) -> Any:
        """The value as plain Python, without lines."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, list) else self.value

    def wrong(self, what: str, fragment: str = "", kind: type[Misuse] = Misuse) -> Misuse:
        """The error that names this item's line, or the line of a fragment of its text."""
        offset = next((number for number, line in enumerate(self.lines) if fragment and fragment in line), 0)
        return kind(what, self.place.file, self.place.line + offset)


def read(file: Path) -> Item:
    """The mapping that a file holds.

    Raises Malformed, in words and with the line, when the file is missing, unreadable, empty, not YAML, not a mapping,
    or has a key twice.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Malformed(f"cannot be read: {error.strerror}. Check the path.", file) from error
    except UnicodeDecodeError as error:
        raise Malformed("is not a text file in UTF-8, so it is no YAML. Save it as UTF-8.", file) from error
    try:
        root = _root(file, text)
    except (yaml.YAMLError, ValueError) as error:
        mark, said = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        line = mark.line + 1 if mark else None
        if mark and text[mark.index : mark.index + 1] == "\t":
            said = "a tab stands where spaces belong"
        what = f"is not valid YAML: {' '.join(str(said).split())}. Correct this line or the one above it."
        raise Malformed(what, file, line) from error
    except RecursionError as error:
        raise Malformed("is nested too deeply, or contains itself. Write it flatter, or without `*`.", file) from error
    if root is None or root.value is None:
        raise Malformed("is empty. Restore it, or write what it should say.", file)
    if not isinstance(root.value, dict):
        raise root.wrong("is not a mapping. It should hold names with values, as in `name: value`.", kind=Malformed)
    return root


def _root(file: Path, text: str) -> Item | None:
    """The value of a document; None where there is none. Raises what PyYAML raises, and Malformed."""
    loader, lines = Loader(text), text.splitlines()

    def item(node: yaml.Node, line: int) -> Item:
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            value: Any = dict(pairs(node))
        elif isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            value = [item(entry, entry.start_mark.line) for entry in node.value]
        else:
            value = loader.construct_object(node, deep=True)
        return Item(value, Place(file, line + 1), tuple(lines[line : node.end_mark.line + 1]))

    def pairs(node: yaml.MappingNode) -> Iterator[tuple[str, Item]]:
        seen: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if first := seen.get(key.value):
                raise Malformed(f"`{key.value}` is written twice, first on line {first}. Keep one.", file, line)
            seen[key.value] = line
        loader.flatten_mapping(node)
        for key, value in node.value:
            name = loader.construct_object(key, deep=True)
            if not isinstance(name, str):
                what = f"the key `{name}` is read as {type(name).__name__}, not as text. Write it in quotes."
                raise Malformed(what, file, key.start_mark.line + 1)
            yield name, item(value, key.start_mark.line)

    node = loader.get_single_node()
    return None if node is None else item(node, node.start_mark.line)


def meant(name: str, names: Iterable[str]) -> str:
    """How an error about an unknown name goes on: the name that was probably meant, or those there are."""
    known = sorted(names)
    if close := get_close_matches(name, known, 1):
        return f"did you mean `{close[0]}`?"
    return f"there is {', '.join(f'`{each}`' for each in known)}." if known else "there are none. Add one or remove it."
