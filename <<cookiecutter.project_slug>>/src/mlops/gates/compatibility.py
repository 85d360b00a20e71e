"""Whoever calls the model in service must be able to call the new one in the same way."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "compatibility", "release"

MEND = "Take the contract back, or agree with every caller and waive it until they have changed."

Schema = Mapping[str, Mapping[str, Any]]


def measure(context: Context) -> tuple[Schema, Schema | None]:
    """What callers may send, by feature: of the new model, and of the one in service (None where there is none)."""
    served = context.champion_evaluation
    return context.evaluation["request"], served["request"] if served else None


def check(measured: tuple[Schema, Schema | None], limits: Limits) -> Iterator[Verdict]:
    new, served = measured
    if served is None:
        return (yield Verdict(id, "request", None, None, True, "no model is in service, so nobody calls one."))
    broken = {name: what for name in {**served, **new} if (what := _broken(new.get(name), served.get(name)))}
    for name, what in broken.items():
        yield Verdict(id, name, None, None, False, f"{name} {what}: requests that are answered now would fail.", MEND)
    if not broken:
        yield Verdict(id, "request", 0, 0, True, "every request that is answered now is still taken.")


def _broken(new: Mapping[str, Any] | None, served: Mapping[str, Any] | None) -> str:
    """How the new feature breaks callers of the served one; nothing if it does not."""
    if new is None or served is None:
        return "is no longer taken" if new is None else "" if new["nullable"] else "is new and must be sent"
    for name in ("dtype", "unit"):
        if new[name] != served[name]:
            return f"is in {name} '{new[name]}' where it was '{served[name]}'"
    if served["nullable"] and not new["nullable"]:
        return "may no longer be null"
    low, high = zip(_ends(new), _ends(served), strict=True)
    if low[0] > low[1] or high[0] < high[1]:
        return f"has the range {new['range']} where it had {served['range']}"
    if new["unseen"] == "refuse" and served["unseen"] == "accept":
        return "may no longer be an unseen category"
    gone = [name for name in served["categories"] if name not in new["categories"]]
    return f"may no longer be {', '.join(gone)}" if gone and new["unseen"] == "refuse" else ""


def _ends(column: Mapping[str, Any]) -> tuple[float, float]:
    low, high = column["range"]
    return -inf if low is None else low, inf if high is None else high
