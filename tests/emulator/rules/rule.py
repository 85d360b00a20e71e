"""What a rule is: a function that looks at one request and raises a Refusal where Azure would."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm


@dataclass(frozen=True)
class Ask:
    """One request: `body` as sent, `before` what is there already, `action` of a post."""

    arm: "Arm"
    caller: str
    verb: str
    id: Id
    body: Document
    before: Document | None
    action: str = ""

    def sent(self, path: str, default: Any = None) -> Any:
        """A value below `properties` of the body, by dotted path."""
        return dig(self.body.get("properties") or {}, path, default)

    def was(self, path: str, default: Any = None) -> Any:
        """The same in the resource as it is."""
        return dig((self.before or {}).get("properties") or {}, path, default)

    def siblings(self) -> Iterator[Document]:
        """The other resources of this type below the same parent."""
        for document in self.arm.below(self.id.parent.text if self.id.parent else ""):
            other = Id(document["id"])
            if other.kind == self.id.kind and other.key != self.id.key and _same(other.parent, self.id.parent):
                yield document


class Rule(NamedTuple):
    """`types` in lower case; none means every type."""

    name: str
    verbs: tuple[str, ...]
    types: frozenset[str]
    check: Callable[[Ask], None]


RULES: list[Rule] = []


def rule(*types: str, on: str = "put") -> Callable[[Callable[[Ask], None]], Callable[[Ask], None]]:
    """Register a rule for requests of these verbs (separated by blanks) to these types.

    Its docstring says what Azure refuses, then on its last line `Source: …` or `Assumed…`.
    """

    def register(check: Callable[[Ask], None]) -> Callable[[Ask], None]:
        lower = frozenset(type.lower() for type in types)
        RULES.append(Rule(check.__name__, tuple(on.split()), lower, check))
        return check

    return register


def judge(ask: Ask) -> None:
    """Raise what Azure says first."""
    for name, verbs, types, check in RULES:
        if ask.verb in verbs and (not types or ask.id.kind in types):
            try:
                check(ask)
            except Refusal as refusal:
                refusal.rule = name
                raise


def dig(document: Document, path: str, default: Any = None) -> Any:
    """A value by dotted path, `default` where the way ends."""
    value: Any = document
    for key in path.split("."):
        if not isinstance(value, dict) or value.get(key) is None:
            return default
        value = value[key]
    return value


def _same(one: Id | None, other: Id | None) -> bool:
    return bool(one and other and one.key == other.key)
