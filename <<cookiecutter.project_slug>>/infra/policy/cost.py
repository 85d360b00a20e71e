"""Money: a budget that tells somebody before it is spent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy.grants import GROUP
from policy.limits import Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, most, number, the_stack, whole

BUDGET = "consumption:Budget"


@whole("There is a budget by the month that tells somebody.", fix="Change it in infra/components/guards.py.")
def budget_tells_somebody(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    budgets = [each for each in resources if each.kind == BUDGET]
    if not budgets:
        yield the_stack(resources, limits), "it has no budget; it must have one, with notifications."
    for budget in budgets:
        yield from ((budget, finding) for finding in differs(budget, "timeGrain", "Monthly"))
        scope = budget.get("scope")
        if scope is not UNKNOWN and not GROUP.fullmatch(str(scope)):
            yield budget, f"its scope is {scope}; it must be the resource group."
        if not heard(budget.get("notifications")):
            yield (
                budget,
                (
                    "nobody is notified; an enabled notification at 100 % or less must name e-mail addresses or an "
                    "action group."
                ),
            )


def heard(notifications: Any) -> bool:
    """Whether somebody hears of it in time, or may: not all of it is known yet."""
    each = notifications.values() if isinstance(notifications, Mapping) else ()
    return notifications is UNKNOWN or any(
        note is UNKNOWN or isinstance(note, Mapping) and tells(note) for note in each
    )


def tells(note: Mapping[str, Any]) -> bool:
    threshold: Any = note.get("threshold")
    in_time = threshold is UNKNOWN or (number(threshold) and threshold <= 100)
    return bool(note.get("enabled") and in_time and (note.get("contactEmails") or note.get("contactGroups")))


@each(
    "A budget is no larger than the environment's.",
    BUDGET,
    fix="Lower `cost_per_month` in mlops.yaml, or have `budget` of {stack} raised in infra/policy/limits.yml.",
)
def budget_is_capped(budget: Resource, limits: Limits) -> Iterator[str]:
    yield from most(budget, "amount", limits.here.budget)


RULES = (budget_tells_somebody, budget_is_capped)
