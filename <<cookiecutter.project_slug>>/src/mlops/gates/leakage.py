"""A feature that all but gives the label away, or that nobody knows when a prediction is asked for, does not pass."""

from collections.abc import Iterator, Mapping

import numpy as np

from mlops.contract.encode import encode
from mlops.errors import Refused
from mlops.gates import limits
from mlops.gates.alone import skill
from mlops.gates.base import Context, Verdict
from mlops.sections import Share

id, stage = "leakage", "data"

LATE = "See when it is written: if after the outcome only, take its role 'feature' away in contract.py."
BY_ROLE = "Give it role 'feature' in SOURCES too if who asks for a prediction knows it, else take it out of ROW."


class Limits(limits.Limits):
    most_skill: Share = 0.95
    """What one feature alone may explain of the label: of its variance, or of the Brier score of its classes."""


def measure(context: Context) -> tuple[Mapping[str, float], Mapping[str, str]]:
    """What each feature explains alone, and the role of those that SOURCES has in another one only.

    What a feature says of the label is learnt on the training rows, and judged on the test rows.
    """
    label, features = context.label, context.row.features
    known = [column for contract in context.contracts.values() for column in contract]
    asked = {column.name for column in known if column.role == "feature"}
    roles = {column.name: column.role for column in known if column.name not in asked}
    parts = [encode(part, (*features, label)) for part in context.prepared]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    truth = rows[label.name]
    if (truth == truth[0]).all():
        raise Refused("the label is the same in all rows")
    learnt = np.arange(len(truth)) < len(parts[0][label.name])
    skills = {each.name: skill(each, rows[each.name], label, truth, learnt) for each in features}
    return skills, {each.name: roles[each.name] for each in features if each.name in roles}


def check(measured: tuple[Mapping[str, float], Mapping[str, str]], limits: Limits) -> Iterator[Verdict]:
    skills, roles = measured
    for feature, role in roles.items():
        why = f"{feature} is a feature in ROW, but SOURCES has it with role '{role}'."
        yield Verdict(id, feature, role, "feature", False, why, BY_ROLE)
    most, allowed = limits.most_skill, f"a feature alone may explain {limits.most_skill:.0%}."
    leaking = {feature: value for feature, value in skills.items() if value > most}
    for feature, value in leaking.items():
        why = f"{feature} alone explains {value:.1%} of the label; {allowed}"
        yield Verdict(id, feature, value, most, False, why, LATE)
    if not leaking:
        best, value = max(skills.items(), key=lambda each: each[1])
        why = f"{best} alone explains {value:.1%} of the label, no feature more; {allowed}"
        yield Verdict(id, "features", value, most, True, why)
