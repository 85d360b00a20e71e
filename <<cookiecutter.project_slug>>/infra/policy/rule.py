"""A rule: a sentence, the kinds of resource that it is about, and a pure function over plain resources."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy.limits import Limits

STACK = "pulumi:pulumi:Stack"


class Unknown:
    """A value that only `pulumi up` knows. A rule neither refuses nor trusts it: `up` checks it again."""

    def __repr__(self) -> str:
        return "known after up"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Resource:
    """A resource as plain data, whoever ran the program: the engine, or `record.py` without one."""

    type: str
    """Pulumi's type token, such as `azure-native:storage:StorageAccount`, with or without an API version."""
    name: str
    """Its name in the program."""
    inputs: Mapping[str, Any]
    """Named as in the engine (`publicNetworkAccess`); UNKNOWN for what only `up` knows. Of the stack: its outputs."""
    urn: str = ""
    id: Any = ""
    """Its id in Azure, where it is known."""
    parent: str = ""
    """URN of the component or resource that it belongs to."""
    protect: bool = False
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Input by input, the URNs of the resources that its value comes from."""

    @property
    def kind(self) -> str:
        """Its type without provider and API version, such as `storage:StorageAccount`."""
        _, _, rest = self.type.partition(":")
        return re.sub(r"/v\d+(preview)?:", ":", rest)

    def get(self, path: str) -> Any:
        """The input at a dotted path; None where it is absent, UNKNOWN where it, or what holds it, is unknown."""
        value: Any = self.inputs
        for key in path.split("."):
            if value is UNKNOWN:
                return UNKNOWN
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def of(self, path: str, other: "Resource") -> bool:
        """Whether an input comes from another resource, holds its id or that of something inside it, or may do so."""
        sources, value, whole = self.sources.get(path), self.get(path), other.id
        if sources:
            return other.urn in sources
        if value is UNKNOWN:
            return True
        if not isinstance(value, str) or not isinstance(whole, str) or not whole:
            return False
        return f"{value}/".lower().startswith(f"{whole}/".lower())


@dataclass(frozen=True)
class Violation:
    """What a resource has, what it must be, and where to change it."""

    rule: "Rule"
    resource: Resource
    finding: str
    fix: str

    def detail(self, others: int = 0) -> str:
        """Without the title; `others` is the number of resources that have the same."""
        where = "The stack" if self.resource.type == STACK else f"`{self.resource.name}` ({self.resource.kind})"
        more = f" and {others} more" if others else ""
        return f"{where}{more}: {self.finding} {self.fix}"

    def __str__(self) -> str:
        return f"{self.rule.title} {self.detail()}"


Finding = tuple[Resource, str]
"""A resource, and in a sentence what it has and what it must be."""


@dataclass(frozen=True)
class Rule:
    """Says what must hold. With `kinds` it looks at one resource at a time, without at the whole stack."""

    id: str
    title: str
    fix: str
    """Where to change it; `{stack}` is the stack's name."""
    kinds: tuple[str, ...]
    find: Callable[[Sequence[Resource], Limits], Iterable[Finding]]

    def check(self, resources: Sequence[Resource], limits: Limits) -> Iterator[Violation]:
        """All that violates it. What it stumbles over, such as a list where Azure has a text, violates it too."""
        fix = self.fix.format(stack=limits.environment)
        for some in ([each] for each in resources) if self.kinds else (resources,):
            try:
                yield from [Violation(self, resource, finding, fix) for resource, finding in self.find(some, limits)]
            except Exception as error:
                blamed = some[0] if self.kinds else the_stack(some, limits)
                problem = f"{type(error).__name__}: {error}".rstrip(".")
                yield Violation(self, blamed, f"it cannot be judged: a value is of another type ({problem}).", fix)


def the_stack(resources: Sequence[Resource], limits: Limits) -> Resource:
    """What a finding about everything is said of."""
    return next((each for each in resources if each.type == STACK), Resource(STACK, limits.environment, {}))


def each(title: str, *kinds: str, fix: str) -> Callable[[Callable[[Resource, Limits], Iterable[str]]], Rule]:
    """A rule about single resources of some kinds (`*`: all of Azure): the function yields findings about one."""

    def made(function: Callable[[Resource, Limits], Iterable[str]]) -> Rule:
        def find(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
            for resource in resources:
                if resource.type.startswith("azure-native:") and (resource.kind in kinds or "*" in kinds):
                    yield from ((resource, finding) for finding in function(resource, limits))

        return Rule(function.__name__.replace("_", "-"), title, fix, kinds, find)

    return made


def whole(title: str, fix: str) -> Callable[[Callable[[Sequence[Resource], Limits], Iterable[Finding]]], Rule]:
    """A rule about the stack as a whole: the function yields resources with findings."""
    return lambda function: Rule(function.__name__.replace("_", "-"), title, fix, (), function)


def table(id: str, title: str, rows: Mapping[str, Mapping[str, Any]], fix: str) -> Rule:
    """A rule that is a table: by kind and input, the value that it must have (or one of several, in a tuple)."""

    def find(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
        for resource in resources:
            for path, allowed in rows.get(resource.kind, {}).items():
                for finding in differs(resource, path, *(allowed if isinstance(allowed, tuple) else (allowed,))):
                    yield resource, finding

    return Rule(id, title, fix, tuple(rows), find)


def differs(resource: Resource, path: str, *allowed: Any) -> Iterator[str]:
    """The finding that an input is none of the allowed values (text in any case); none where it is not known yet."""
    value = resource.get(path)
    if value is not UNKNOWN and folded(value) not in map(folded, allowed):
        wanted = " or ".join(shown(each) for each in allowed if each is not None)
        yield f"{path} is {shown(value)}; it must be {wanted}."


def least(resource: Resource, path: str, limit: float) -> Iterator[str]:
    """The finding that a number is absent, none, or under its limit; none where it is not known yet."""
    value = resource.get(path)
    if value is not UNKNOWN and not (number(value) and value >= limit):
        yield f"{path} is {shown(value)}; it must be at least {limit:g}."


def most(resource: Resource, path: str, limit: float) -> Iterator[str]:
    """The finding that a number is absent, none, or over its limit; none where it is not known yet."""
    value = resource.get(path)
    if value is not UNKNOWN and not (number(value) and value <= limit):
        yield f"{path} is {shown(value)}; it must be at most {limit:g}."


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def shown(value: Any) -> str:
    """A value as it stands in a stack's settings."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
