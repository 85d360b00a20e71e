"""What must hold for every stack, as rules: `judge` runs them without an engine, `pack.py` in Pulumi's."""

from collections.abc import Sequence
from pathlib import Path

from policy import access, computes, cost, data, grants, keep, keys, kinds, logs, network, tags
from policy.limits import FILE, limits
from policy.rule import UNKNOWN, Resource, Rule, Violation

__all__ = ["RULES", "UNKNOWN", "Resource", "Rule", "Violation", "judge"]

RULES: tuple[Rule, ...] = tuple(
    rule
    for topic in (kinds, access, keys, network, grants, logs, data, keep, computes, cost, tags)
    for rule in topic.RULES
)


def judge(resources: Sequence[Resource], environment: str, file: Path = FILE) -> list[Violation]:
    """All that a stack's resources violate. Raises Misuse where the limits are wrong or name no such environment."""
    known = limits(environment, file)
    return [violation for rule in RULES for violation in rule.check(resources, known)]
