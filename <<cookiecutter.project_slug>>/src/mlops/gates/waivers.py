"""Waivers that have expired, or that cover too much, refuse."""

from collections.abc import Iterator

from mlops.evidence import waivers
from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "waivers", "model"


def measure(context: Context) -> list[Verdict]:
    """What is wrong."""
    from mlops.gates.run import discover

    assert context.responsible_ai
    known, gates = waivers.load(context.responsible_ai), discover(context.settings.model.package)
    return [verdict for _, verdict in waivers.mistakes(known, context.settings, gates, context.today)]


def check(measured: list[Verdict], limits: Limits) -> Iterator[Verdict]:
    yield from measured
    if not measured:
        yield Verdict(id, "waivers", None, None, True, "every waiver is in force and names what it is for.")
