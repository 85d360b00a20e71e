"""Running the gates of a stage: those of the machinery, and those in the model package's folder `gates/`."""

import importlib
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType
from typing import cast

from mlops import gates
from mlops.errors import Misuse, MlopsError
from mlops.evidence import waivers
from mlops.gates.base import Context, Gate, Stage, Verdict
from mlops.gates.limits import Limits
from mlops.specs.load import meant

PARTS = ("id", "stage", "Limits", "measure", "check")


def judge(stage: Stage, context: Context) -> list[Verdict]:
    """Every verdict of the stage's gates, in the order of their names.

    A gate that cannot measure, or that says nothing, does not pass. Raises Misuse when `mlops.yaml` sets limits
    wrongly, a file in `gates/` is no gate, or what a gate reads is missing or damaged.
    """
    found = discover(context.settings.model.package)
    for name in context.settings.gates:
        if name not in found:
            raise context.settings.wrong(f"`gates.{name}` is no gate: {meant(name, found)}", "gates", name)
    limits = {name: context.settings.limits(name, gate.Limits) for name, gate in found.items()}
    staged = ((gate, limits[name]) for name, gate in found.items() if gate.stage == stage)
    return waivers.applied([verdict for gate, own in staged for verdict in _verdicts(gate, context, own)], context)


def discover(package: str) -> dict[str, Gate]:
    """The gates by id. Raises Misuse when a file in `<package>/gates/` cannot be imported or is no gate."""
    modules = [module for module in _modules(gates) if hasattr(module, "id")]
    if find_spec(package) and find_spec(f"{package}.gates"):
        own = list(_modules(importlib.import_module(f"{package}.gates")))
        for module in own:
            if missing := [part for part in PARTS if not hasattr(module, part)]:
                raise Misuse(f"{module.__file__}: is no gate, since it has no {', '.join(missing)}.")
        modules += own
    found: dict[str, Gate] = {}
    for module in modules:
        if module.id in found:
            raise Misuse(f"{module.__file__}: another gate has the id '{module.id}'. Give it one of its own.")
        found[module.id] = cast(Gate, module)
    return found


def _modules(folder: ModuleType) -> Iterator[ModuleType]:
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        try:
            yield importlib.import_module(f"{folder.__name__}.{name}")
        except Exception as error:
            raise Misuse(f"the gate {folder.__name__}.{name} cannot be imported: {_named(error)}.") from error


def _verdicts(gate: Gate, context: Context, limits: Limits) -> list[Verdict]:
    try:
        verdicts = [_sound(verdict) for verdict in gate.check(gate.measure(context), limits)]
    except Misuse:
        raise
    except Exception as error:
        return [_absent(gate, f"{gate.id} could not be measured: {_named(error)}.")]
    return verdicts or [_absent(gate, f"{gate.id} gave no verdict.")]


def _sound(verdict: Verdict) -> Verdict:
    """A verdict on something that is not a number does not pass, and what passes has no next step."""
    if isinstance(verdict.measured, float) and not math.isfinite(verdict.measured):
        return replace(verdict, measured=None, passed=False, why=f"{verdict.subject} has no finite value.")
    value = getattr(verdict.measured, "value", verdict.measured) if verdict.figure is None else verdict.figure
    figure, next_step = value if isinstance(value, int | float) else None, "" if verdict.passed else verdict.next_step
    return replace(verdict, passed=bool(verdict.passed), next_step=next_step, figure=figure)


def _absent(gate: Gate, why: str) -> Verdict:
    next_step = "A gate without a measurement refuses: see what it needs."
    return Verdict(gate.id, gate.stage, None, None, False, why, next_step)


def _named(error: Exception) -> str:
    """Without what polars adds below its sentences, and behind them in brackets: a plan, and values of the table."""
    said = "".join(str(error).strip().splitlines()[:1]).partition(": [")[0]
    return (said if isinstance(error, MlopsError) else f"{type(error).__name__}: {said}").rstrip(".")
