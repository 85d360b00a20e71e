"""Waivers that have expired, or that cover too much, refuse."""

from collections.abc import Iterator, Mapping

from mlops.evidence import waivers
from mlops.gates import limits
from mlops.gates.base import Context, Stage, Verdict

id = "waivers"
stage: Stage = "model"


class Limits(limits.Limits):
    """None: the rules for waivers are the same everywhere."""


def measure(context: Context) -> Mapping[str, str]:
    """What is wrong, by the line of the file."""
    from mlops.gates.run import discover

    assert context.responsible_ai
    known, gates = waivers.load(context.responsible_ai), discover(context.settings.model.package)
    wrong = waivers.mistakes(known, context.settings, gates, context.today)
    return {f"{waivers.FILE}:{each.line}": each.what for each in wrong}


def check(measured: Mapping[str, str], limits: Limits) -> Iterator[Verdict]:
    for place, what in measured.items():
        yield Verdict(id, place, what, None, False, what)
    if not measured:
        yield Verdict(id, "waivers", None, None, True, "every waiver is in force and names what it is for.")
