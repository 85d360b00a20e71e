"""An item of the responsible-AI checklist that nothing shows to hold refuses."""

from collections.abc import Iterator, Mapping

from mlops.evidence import checklist
from mlops.gates import limits
from mlops.gates.base import Context, Stage, Verdict

id = "checklist"
stage: Stage = "model"


class Limits(limits.Limits):
    """None: what must hold stands in the checklist itself."""


def measure(context: Context) -> Mapping[str, list[str]]:
    """What is wrong with each item."""
    from mlops.gates.run import discover

    assert context.responsible_ai
    known = checklist.load(context.responsible_ai, context.settings)
    found: dict[str, list[str]] = {name: [] for name in known.items}
    gates = discover(context.settings.model.package)
    for name, mistake in checklist.mistakes(known, gates, context.today):
        found[name].append(mistake.what)
    return found


def check(measured: Mapping[str, list[str]], limits: Limits) -> Iterator[Verdict]:
    for name, wrong in measured.items():
        for what in wrong:
            yield Verdict(id, name, None, None, False, what)
    held = sum(not wrong for wrong in measured.values())
    if held == len(measured):
        yield Verdict(id, "items", held, len(measured), True, f"all {held} items of the checklist are backed.")
