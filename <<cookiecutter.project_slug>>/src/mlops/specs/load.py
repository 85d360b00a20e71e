"""YAML with the line of every key and value, read by the rules of PyYAML's safe loader, which is azure-ai-ml's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import Misuse
from mlops.specs.types import Place

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_kept: ContextVar[dict[Path, Item] | None] = ContextVar("kept", default=None)


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

    def section(self, key: str) -> dict[str, Item]:
        """A mapping under a key, empty where it is absent. Raises Misuse when it is something else."""
        item = self.get(key)
        if item is not None and not isinstance(item.value, dict):
            raise item.wrong(f"`{key}` must hold names with values, as in `name: value`.")
        return {} if item is None else item.value

    def text(self, key: str) -> str | None:
        """A text under a key, None where it is absent. Raises Misuse when it is something else."""
        item = self.get(key)
        if item is not None and not isinstance(item.value, str):
            raise item.wrong(f"`{key}` must be text; write it in quotes.")
        return None if item is None else item.value

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value under a key. Raises Misuse when it is something else."""
        item = self.get(key)
        if item is not None and not isinstance(item.value, bool):
            raise item.wrong(f"`{key}` must be true or false.")
        return default if item is None else item.value

    def listed(self, key: str) -> list[Item]:
        """A list under a key, empty where it is absent. Raises Misuse when it is something else."""
        item = self.get(key)
        if item is not None and not isinstance(item.value, list):
            raise item.wrong(f"`{key}` must be a list, as in `[a, b]`.")
        return [] if item is None else item.value

    def plain(self) -> Any:
        """The value as plain Python, without lines."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, list) else self.value

    def wrong(self, what: str, fragment: str = "") -> Misuse:
        """The error that names this item's line, or the line of a fragment of its text."""
        offset = next((number for number, line in enumerate(self.lines) if fragment and fragment in line), 0)
        return Misuse(what, self.place.file, self.place.line + offset)


@contextmanager
def kept() -> Iterator[dict[Path, Item]]:
    """As long as it is open each file is read once; gives the documents by absolute path."""
    documents: dict[Path, Item] = {}
    token = _kept.set(documents)
    try:
        yield documents
    finally:
        _kept.reset(token)


def read(file: Path) -> Item:
    """The mapping that a file holds.

    Raises Misuse, in words and with the line, when the file is missing, unreadable, empty, not YAML, not a mapping, or
    has a key twice.
    """
    documents, key = _kept.get(), file.absolute()
    if documents is None:
        return _read(file)
    if key not in documents:
        documents[key] = _read(file)
    return documents[key]


def _read(file: Path) -> Item:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Misuse(f"cannot be read: {error.strerror}. Check the path.", file) from error
    except UnicodeDecodeError as error:
        raise Misuse("is not a text file in UTF-8, so it is no YAML.", file) from error
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        root = None if node is None else _Reader(file, loader, text.splitlines()).item(node, node.start_mark.line)
    except (yaml.YAMLError, ValueError) as error:
        mark, said = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        line = mark.line + 1 if mark else None
        raise Misuse(f"is not valid YAML: {' '.join(str(said).split())}.", file, line) from error
    except RecursionError as error:
        raise Misuse("is nested too deeply, or contains itself.", file) from error
    if root is None or root.value is None:
        raise Misuse("is empty. Restore it, or write what it should say.", file)
    if not isinstance(root.value, dict):
        raise root.wrong("is not a mapping. It should hold names with values, as in `name: value`.")
    return root


class _Reader:
    """Items out of the composed nodes of one file."""

    def __init__(self, file: Path, loader: Any, lines: list[str]) -> None:
        self.file, self.loader, self.lines = file, loader, lines

    def item(self, node: yaml.Node, line: int) -> Item:
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            value: Any = dict(self.pairs(node))
        elif isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            value = [self.item(entry, entry.start_mark.line) for entry in node.value]
        else:
            value = self.loader.construct_object(node, deep=True)
        return Item(value, Place(self.file, line + 1), tuple(self.lines[line : node.end_mark.line + 1]))

    def pairs(self, node: yaml.MappingNode) -> Iterator[tuple[str, Item]]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode):
                if first := seen.get(key.value):
                    raise Misuse(f"`{key.value}` is written twice, first on line {first}. Keep one.", self.file, line)
                seen[key.value] = line
        self.loader.flatten_mapping(node)
        for key, value in node.value:
            name = self.loader.construct_object(key, deep=True)
            if not isinstance(name, str):
                what = f"the key `{name}` is read as {type(name).__name__}, not as text. Write it in quotes."
                raise Misuse(what, self.file, key.start_mark.line + 1)
            yield name, self.item(value, key.start_mark.line)


def meant(name: str, names: Iterable[str]) -> str:
    """How an error about an unknown name goes on: the name that was probably meant, or those there are."""
    known = sorted(names)
    if close := get_close_matches(name, known, 1):
        return f"did you mean `{close[0]}`?"
    return f"there is {', '.join(f'`{each}`' for each in known)}." if known else "there are none."
