"""What may be made at all: a kind that nobody has looked at could open what no rule closes."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from policy.limits import Limits
from policy.rule import Finding, Resource, Rule


def find(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    for resource in resources:
        provider = resource.type.partition(":")[0]
        if not any(fnmatchcase(resource.kind, known) for known in limits.all.kinds.get(provider, ())):
            yield resource, f"nobody has looked at {resource.type} yet."


kinds_are_known = Rule(
    "kinds-are-known",
    "Only kinds of resource that the rules know are made, of any provider.",
    "Add it to `kinds` of infra/policy/limits.yml after a look at what it opens.",
    ("*",),
    find,
)

RULES = (kinds_are_known,)
