"""An item of the responsible-AI checklist that nothing shows to hold refuses."""

from collections.abc import Iterator

from mlops.evidence import checklist
from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "checklist", "model"


def measure(context: Context) -> tuple[int, list[Verdict]]:
    """How many items there are, and what is wrong with them."""
    from mlops.gates.run import discover

    assert context.responsible_ai
    known = checklist.load(context.responsible_ai, context.settings)
    wrong = checklist.mistakes(known, discover(context.settings.model.package), context.today)
    return len(known.items), [verdict for _, verdict in wrong]


def check(measured: tuple[int, list[Verdict]], limits: Limits) -> Iterator[Verdict]:
    items, wrong = measured
    yield from wrong
    if not wrong:
        yield Verdict(id, "items", items, items, True, f"all {items} items of the checklist are backed.")
