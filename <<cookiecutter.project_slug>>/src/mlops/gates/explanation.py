"""No feature may decide alone, and none that is sensitive, or tells what is, may count for more than was agreed."""

from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from mlops.gates import limits
from mlops.gates.alone import skill
from mlops.gates.base import Context, Verdict
from mlops.gates.predictions import some_of
from mlops.sections import Share

id, stage = "explanation", "model"

ROWS = 2_000

DOMINATES = "See whether it gives the answer away; if it may decide, raise gates.explanation.most_share and say why."
COUNTS = "Leave it out or make less of it; if it is meant to count, name it in gates.explanation.allowed and say why."


class Limits(limits.Limits):
    most_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The greatest share of what predictions lean on that one feature may have: the others share the rest."""
    proxy_skill: Share = 0.26
    """How well a feature tells a sensitive column, from 0 (not at all) to 1, to be its proxy. By default as a share of
    the variance what Cohen (1988) calls a large effect."""
    most_share_of_a_proxy: Share = 0.1
    """The greatest share that features may have together that are sensitive or proxies of one column."""
    allowed: dict[str, Share] = {}
    """The greatest share of each such feature that is meant to count."""


class Measured(NamedTuple):
    """By feature its share of what predictions lean on, and the sensitive column that it tells best, with the skill."""

    shares: Mapping[str, float]
    tells: Mapping[str, tuple[str, float]]


def measure(context: Context) -> Measured:
    """The share is the larger one of two: in the fall of the first metric when the feature's values are shuffled, and,
    where the predictor explains, in how far its reasons lie from their mean."""
    rows, sensitive, predictor = context.rows("test"), context.row.sensitive, context.predictor
    falls = {name: next(iter(each.values()))["value"] for name, each in context.evaluation["importance"].items()}
    shares = _shares(falls)
    if hasattr(predictor, "explain"):
        reasons = predictor.explain(some_of(rows.x, ROWS))
        moves = {name.removeprefix("reason."): np.abs(each - each.mean()).mean() for name, each in reasons.items()}
        for name, share in _shares(moves).items():
            shares[name] = max(share, shares.get(name, 0.0))
    half, tells = np.random.default_rng(0).random(len(rows.y)) < 0.5, {}
    for feature in context.row.features if sensitive else ():
        skills = {each: skill(feature, rows.x[feature.name], each, rows.groups[each.name], half) for each in sensitive}
        best = max(skills, key=lambda each: np.nan_to_num(skills[each]))
        tells[feature.name] = (best.name, skills[best])
    return Measured(shares, tells)


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    first, share = max(measured.shares.items(), key=lambda each: each[1])
    yield _judge(first, share, limits.most_share, f"{first} has more than any other feature", DOMINATES)
    proxies: dict[tuple[str, str], dict[str, float]] = {}
    for name, (column, how) in measured.tells.items():
        if how >= limits.proxy_skill:
            proxies.setdefault((column, name if name in limits.allowed else ""), {})[name] = how
    for (column, alone), skills in proxies.items():
        share = sum(measured.shares.get(name, 0.0) for name in skills)
        most = limits.allowed.get(alone, limits.most_share_of_a_proxy)
        told = ", ".join(f"{name} ({how:.2f})" for name, how in skills.items())
        what = f"{column} is told, with a skill of 0 to 1, by {told}"
        yield _judge(f"{alone} as {column}" if alone else f"proxies of {column}", share, most, what, COUNTS)
    if not proxies:
        why = f"no feature tells a sensitive column with a skill of {limits.proxy_skill:.2f} or more."
        yield Verdict(id, "proxies", None, limits.proxy_skill, True, why)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Each as a share of all; a negative one is noise about nothing."""
    positive = {name: max(0.0, float(weight)) for name, weight in weights.items()}
    whole = sum(positive.values()) or 1.0
    return {name: weight / whole for name, weight in positive.items()}


def _judge(subject: str, share: float, most: float, what: str, mend: str) -> Verdict:
    why = f"{what}: {share:.1%} of what predictions lean on; at most {most:.1%} is allowed."
    return Verdict(id, subject, share, most, share <= most, why, mend)
