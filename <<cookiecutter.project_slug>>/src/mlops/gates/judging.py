"""An interval against a limit: the one way in which all gates judge, so that they sound alike."""

import operator
from typing import Literal

from mlops.gates.base import Verdict
from mlops.stats import Interval

RULES = {
    "at least": ("low", "high", operator.ge),
    "at most": ("high", "low", operator.le),
    "above": ("low", "high", operator.gt),
    "below": ("high", "low", operator.lt),
}
UNDEFINED = "It has no value on these rows: see how many there are, and how evaluate.py measures it."


def judged(
    gate: str,
    mend: str,
    subject: str,
    interval: Interval | None,
    rule: str,
    limit: float,
    absent: str = UNDEFINED,
    show: Literal["good", "bad"] = "good",
) -> Verdict:
    """A verdict on an interval, by a rule of RULES; `mend` is the next step when it does not pass.

    The model must be shown to be good: the end that is worse for it decides. Or a fault must be shown to be there, as
    where many things are looked at: then the other end decides. What was not measured, or has no such end, does not
    pass.
    """
    worse, better, holds = RULES[rule]
    which = worse if show == "good" else better
    end = getattr(interval, which, None)
    if end is None:
        why = f"{subject} was not measured, and must be {rule} {limit:g}."
        return Verdict(gate, subject, None, limit, False, why, UNDEFINED if interval else absent)
    passed, within = holds(end, limit), interval and interval.value is not None and holds(interval.value, limit)
    doubt = " It may be beyond: more rows will tell." if passed and not within else ""
    why = f"{subject} is {interval}; the {which} end must be {rule} {limit:g}.{doubt}"
    return Verdict(gate, subject, interval, limit, passed, why, mend, figure=end)
