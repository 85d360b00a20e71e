"""Expressions of both CI systems: `${{ vars.X || 'a' }}`, `and(succeeded(), eq(variables['X'], 'a'))`.

A name that nobody gave is refused; below a known name what is missing is empty, as both systems have it. Sources:
"Evaluate expressions in workflows and actions" (docs.github.com) and "Expressions" (learn.microsoft.com), 2026-11.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.workflows.documents import NotUnderstood

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\d+(?:\.\d+)?|[A-Za-z_][\w-]*|==|!=|&&|\|\||[!().,\[\]])")
WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STANDING: Mapping[str, Callable[[str], bool]] = {
    "always": lambda status: True,
    "success": lambda status: status == "success",
    "succeeded": lambda status: status == "success",
    "failure": lambda status: status == "failure",
    "failed": lambda status: status == "failure",
    "succeededorfailed": lambda status: status != "cancelled",
    "cancelled": lambda status: status == "cancelled",
    "canceled": lambda status: status == "cancelled",
}
"""What a condition may ask of the jobs or steps before: `success`, `failure`, `skipped` or `cancelled`."""


def fill(value: Any, known: Mapping[str, Any]) -> Any:
    """A value of YAML with every `${{ }}` in it replaced; a text that is one expression becomes its value."""
    if isinstance(value, dict):
        return {fill(key, known): fill(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, known) for each in value]
    if not isinstance(value, str):
        return value
    if (whole := WHOLE.fullmatch(value.strip())) and "${{" not in whole[1]:
        return evaluate(whole[1], known)
    return WHOLE.sub(lambda found: text(evaluate(found[1], known)), value)


def holds(condition: str, known: Mapping[str, Any], status: str) -> bool:
    """Whether a job or step begins. A condition that asks nothing of those before wants them to have succeeded."""
    if not condition:
        return status == "success"
    bare = whole[1] if (whole := WHOLE.fullmatch(condition.strip())) else condition
    asks = any(re.search(rf"\b{name}\s*\(", bare, re.IGNORECASE) for name in STANDING)
    return bool(evaluate(bare, known, status)) and (asks or status == "success")


def evaluate(said: str, known: Mapping[str, Any], status: str = "success") -> Any:
    """Raises NotUnderstood for what cannot be read, and for names that nobody gave."""
    reader = Reader(said, known, status)
    value = reader.either()
    if reader.left:
        raise NotUnderstood(f"`{said.strip()}`: nothing is expected at {reader.left[0]!r}.")
    return value


def text(value: Any) -> str:
    """As an expression is written into a text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Reader:
    """Reads one expression from left to right, and works it out on the way."""

    def __init__(self, said: str, known: Mapping[str, Any], status: str) -> None:
        self.said, self.known, self.status = said, known, status
        self.left, place = list[str](), 0
        while place < len(said.rstrip()):
            if not (found := TOKEN.match(said, place)):
                raise NotUnderstood(f"`{said.strip()}` cannot be read from {said[place:].strip()!r} on.")
            self.left.append(found[1])
            place = found.end()

    def next(self) -> str:
        if not self.left:
            raise NotUnderstood(f"`{self.said.strip()}` ends too early.")
        return self.left.pop(0)

    def took(self, *marks: str) -> str:
        return self.left.pop(0) if self.left and self.left[0] in marks else ""

    def want(self, mark: str) -> None:
        if (found := self.next()) != mark:
            raise NotUnderstood(f"`{self.said.strip()}`: {mark!r} is expected, not {found!r}.")

    def separated(self, mark: str, read: Callable[[], Any]) -> list[Any]:
        values = [read()]
        while self.took(mark):
            values.append(read())
        return values

    def either(self) -> Any:
        values = self.separated("||", self.both)
        return next((each for each in values if each), values[-1])

    def both(self) -> Any:
        values = self.separated("&&", self.compared)
        return next((each for each in values if not each), values[-1])

    def compared(self) -> Any:
        value = self.single()
        while mark := self.took("==", "!="):
            value = same(value, self.single()) == (mark == "==")
        return value

    def single(self) -> Any:
        if self.took("!"):
            return not self.single()
        if self.took("("):
            value = self.either()
            self.want(")")
            return value
        word = self.next()
        if word.startswith("'"):
            return word[1:-1].replace("''", "'")
        if word[0].isdigit():
            return float(word) if "." in word else int(word)
        if not re.match(r"[A-Za-z_]", word):
            raise NotUnderstood(f"`{self.said.strip()}`: {word!r} is no value.")
        if word.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word.lower()]
        return self.called(word) if self.took("(") else self.inside(self.named(word))

    def named(self, word: str) -> Any:
        if word not in self.known:
            raise NotUnderstood(f"`{self.said.strip()}`: there is no `{word}` here, only {', '.join(self.known)}.")
        return self.known[word]

    def inside(self, value: Any) -> Any:
        while mark := self.took(".", "["):
            key = self.next() if mark == "." else self.either()
            if mark == "[":
                self.want("]")
            value = _found(value, text(key)) if isinstance(value, Mapping) else None
        return value

    def called(self, name: str) -> Any:
        given, low = list[Any](), name.lower()
        if not self.took(")"):
            given = self.separated(",", self.either)
            self.want(")")
        if low in STANDING:
            return STANDING[low](self.status)
        if low not in FUNCTIONS:
            raise NotUnderstood(f"`{self.said.strip()}`: the function `{name}` is not known here.")
        return FUNCTIONS[low](*given)


def _found(section: Mapping[str, Any], key: str) -> Any:
    """Without regard to case, as both systems look names up."""
    return next((value for name, value in section.items() if name.lower() == key.lower()), None)


def same(one: Any, other: Any) -> bool:
    """Without regard to case, as both systems compare texts."""
    return text(one).lower() == text(other).lower()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": lambda *given: all(given),
    "contains": lambda whole, part: text(part).lower() in text(whole).lower(),
    "eq": same,
    "hashfiles": lambda *files: "hash of " + " ".join(map(text, files)),
    "ne": lambda one, other: not same(one, other),
    "not": lambda value: not value,
    "split": lambda value, mark: text(value).split(text(mark)),
    "upper": lambda value: text(value).upper(),
}
