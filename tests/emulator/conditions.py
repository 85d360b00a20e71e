"""Conditions on role assignments, as far as they delegate these, or limit which blobs somebody reads or writes.

Source: "Examples to delegate Azure role assignment management with conditions" (Microsoft Learn, 2024-04-15).
"""

import re
from fnmatch import fnmatchcase

from tests.emulator.store import Document

TOKEN = re.compile(
    r"\s*((?:Sub)?(?:Action|Operation)Matches\{'[^']*'\}|@\w+\[[^\]]+\]|ForAny\w+:\w+|String\w+|'[^']*'|\{[^}]*\}|AND\b|OR\b|NOT\b|&&|\|\||[!()])",
    re.I,
)
LISTS = "SubOperationMatches{'Blob.List'}"
"""True of the one request for blobs that has no path."""
OPERATORS = {
    "foranyofanyvalues:guidequals": lambda value, given: value in given,
    "foranyofanyvalues:stringequalsignorecase": lambda value, given: value in given,
    "foranyofallvalues:guidnotequals": lambda value, given: value not in given,
    "stringnotequals": lambda value, given: value not in given,
    "stringequals": lambda value, given: value in given,
    "stringlike": lambda value, given: any(fnmatchcase(value, pattern) for pattern in given),
}


class Malformed(Exception):
    """The condition is not of a form that Azure takes."""


def holds(condition: str, action: str, request: Document, resource: Document) -> bool:
    """`request` and `resource` are the properties of a role assignment: asked for, and as it is."""
    return _Reader(condition, action, request, resource).read()


class _Reader:
    """Recursive descent over the tokens; every part is read even where the answer is known."""

    def __init__(self, condition: str, action: str, request: Document, resource: Document) -> None:
        self._tokens = _tokens(condition)
        self._action, self._sources = action.lower(), {"@request": request, "@resource": resource}

    def read(self) -> bool:
        answer = self._any()
        if self._tokens:
            raise Malformed(f"unexpected '{self._tokens[0]}'")
        return answer

    def _any(self) -> bool:
        answer = self._all()
        while self._next("or", "||"):
            answer = self._all() or answer
        return answer

    def _all(self) -> bool:
        answer = self._one()
        while self._next("and", "&&"):
            answer = self._one() and answer
        return answer

    def _one(self) -> bool:
        if self._next("!", "not"):
            return not self._one()
        if self._next("("):
            answer = self._any()
            if not self._next(")"):
                raise Malformed("a bracket is not closed")
            return answer
        return self._term()

    def _term(self) -> bool:
        if not self._tokens:
            raise Malformed("it ends too early")
        token = self._tokens.pop(0)
        if token.lower().startswith("actionmatches"):
            return token.split("'")[1].lower() == self._action
        if token == LISTS:
            return not self._sources["@resource"].get("path")
        if not token.startswith("@") or len(self._tokens) < 2 or self._tokens[0].lower() not in OPERATORS:
            raise Malformed(f"cannot read '{token}'")
        operator, given = OPERATORS[self._tokens.pop(0).lower()], self._tokens.pop(0)
        values = {value.strip(" '").lower() for value in given.strip("{}").split(",")}
        return operator(self._value(token), values)

    def _value(self, token: str) -> str:
        """Role definitions are compared by GUID, wherever they are defined. Cases differ in nothing here."""
        source, attribute = token.rstrip("]").split("[")
        name = attribute.rsplit(":", 1)[-1]
        value = str(self._sources.get(source.lower(), {}).get(name[0].lower() + name[1:]) or "")
        return (value.rsplit("/", 1)[-1] if name == "RoleDefinitionId" else value).lower()

    def _next(self, *tokens: str) -> bool:
        if self._tokens and self._tokens[0].lower() in tokens:
            self._tokens.pop(0)
            return True
        return False


def _tokens(condition: str) -> list[str]:
    found, at, text = [], 0, condition.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Malformed(f"cannot read '{text[at : at + 20].strip()}'")
        found.append(match[1])
        at = match.end()
    return found
