"""What a sweep draws, how often, and by which metric it judges."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mlops.specs.drafts import Draft
from mlops.specs.fields import TABLE
from mlops.specs.inputs import Scope, count
from mlops.specs.load import Item, meant
from mlops.specs.types import Distribution, Port, Sweep, Value
from mlops.specs.values import LITERALS, literal, number

BOUNDS = ("min_value", "max_value")
ARGUMENTS: dict[str, list[str]] = TABLE["distributions"]
DRAWS: dict[str, list[str]] = TABLE["samplings"]
GOALS = ("maximize", "minimize")


def of_node(draft: Draft, inputs: Mapping[str, Value], scope: Scope) -> Sweep:
    """Raises Misuse with its line for what Azure ML would refuse once the sweep has started."""
    item = draft.item
    algorithm, objective, limits = item.get("sampling_algorithm"), item.get("objective"), item.get("limits")
    by = algorithm.get("type") if algorithm and isinstance(algorithm.value, dict) else algorithm
    kind = _one_of(by, DRAWS, "`sampling_algorithm`") if by else "random"
    if not draft.drawn:
        raise item.wrong("there is no `search_space:` here. Say what the sweep may draw.")
    metric = objective.text("primary_metric") if objective else None
    trials = count(limits, "max_total_trials", scope, 0)
    if not objective or not metric:
        raise (objective or item).wrong("`objective` must have a `goal` and a `primary_metric`.")
    if not trials:
        raise (limits or item).wrong("`limits` must have `max_total_trials`.")
    return Sweep(
        algorithm=kind,
        space={name: _distribution(name, each, draft, inputs, kind) for name, each in draft.drawn.items()},
        metric=metric,
        goal=_one_of(objective.get("goal") or objective, GOALS, "the `goal`"),
        max_trials=trials,
        concurrent=count(limits, "max_concurrent_trials", scope, 1),
        seed=count(algorithm, "seed", scope, None, least=0),
        timeout=count(limits, "timeout", scope, None),
        trial_timeout=count(limits, "trial_timeout", scope, None),
    )


def _one_of(item: Item, known: Iterable[str], what: str) -> str:
    said = str(item.plain()).lower()
    if said not in known:
        raise item.wrong(f"{what} cannot be `{item.plain()}`: {meant(said, known)}")
    return said


def _distribution(name: str, item: Item, draft: Draft, inputs: Mapping[str, Value], algorithm: str) -> Distribution:
    if name in inputs:
        raise item.wrong(f"`{name}` is an input with a value and drawn as well. Keep one.")
    if draft.component.inputs is not None and name not in draft.component.inputs:
        raise item.wrong(f"`{draft.component.name}` has no input `{name}`: {meant(name, draft.component.inputs)}")
    kind = _one_of(item.get("type") or item, ARGUMENTS, f"the type of `{name}`")
    if kind not in DRAWS[algorithm]:
        raise item.wrong(f"{algorithm} sampling does not draw from `{kind}`: {meant(kind, DRAWS[algorithm])}")
    for key, each in item.value.items():
        if key not in ("type", *ARGUMENTS[kind]):
            raise each.wrong(f"`{kind}` takes no `{key}`: {meant(key, ARGUMENTS[kind])}")
    arguments = {key: _argument(item, key) for key in ARGUMENTS[kind]}
    for first, second in ((0, "sigma"), (0, "q"), (0, "upper"), (arguments.get("min_value"), "max_value")):
        if second in arguments and not first < arguments[second]:
            raise item.value[second].wrong(f"`{second}` of `{name}` must be over {first}, not {arguments[second]}.")
    if draft.component.inputs is not None:
        _check_type(draft.component.inputs[name], item, kind, arguments)
    return Distribution(kind, arguments)


def _argument(item: Item, key: str) -> Any:
    given = item.get(key)
    if key == "values":
        values = given.plain() if given else None
        if not isinstance(values, list) or not values or any(type(value) not in LITERALS for value in values):
            raise (given or item).wrong("`values` must be a list of texts, numbers or truth values, as in `[1, 2]`.")
        return values
    figure = number(str(given.plain())) if given else math.nan
    if not math.isfinite(figure) or (key == "upper" and not figure.is_integer()):
        raise (given or item).wrong(f"`{key}` must be a {'whole ' if key == 'upper' else ''}number.")
    return int(figure) if figure.is_integer() else figure


def _check_type(port: Port, item: Item, kind: str, arguments: Mapping[str, Any]) -> None:
    """Raises Misuse when what is drawn does not go into the input."""
    ends = {"randint": ("upper",), "uniform": BOUNDS, "quniform": BOUNDS}.get(kind, ())
    for value in arguments.get("values") or [arguments[key] - (key == "upper") for key in ends]:
        literal(value, port, item)
    fractions = kind not in ("choice", "randint") and float(arguments.get("q", 0.5)) % 1 > 0
    if fractions and port.type not in ("number", "string"):
        raise item.wrong(f"`{port.name}` is of type {port.type}, and `{kind}` draws fractions. Use `choice`.")
