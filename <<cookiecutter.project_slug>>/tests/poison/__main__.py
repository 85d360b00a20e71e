"""Every gate refuses what it must: `make poison` says which poison each was given, and what it answered."""

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from mlops.gates.base import Verdict, tally
from mlops.gates.run import discover

from .copies import Copy, Nothing
from .poisons import KNOWN, Poison

for stage in ("data", "model", "release"):
    import_module(f"{__package__}.of_{stage}")

ROWS = 50_000
"""At most so many rows of each source are used; `make poison ROWS=5000` is faster, where that is enough to pass."""


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Copy(Path.cwd(), Path(scratch), int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
        since = time.perf_counter()
        clean = copy.run_clean()
        line("clean", "the project as it is", time.perf_counter() - since, tally(clean))
        if refused := [verdict for verdict in clean if not verdict.stands]:
            for verdict in refused:
                line(f"✗ {verdict.gate}", "", 0, f"refuses it unpoisoned: {verdict.why} {verdict.next_step}")
            return 1
        gates = discover(copy.settings.model.package)
        poisons = [*own(gates), *KNOWN]
        failed = [poison.what for poison in poisons if not refused_by(poison, copy, clean)]
        for gate in sorted(gates.keys() - {gate for poison in poisons for gate in poison.gates}):
            line(gate, "no poison", 0, "its file has no poison(folder)")
    print(f"not refused: {', '.join(failed)}" if failed else "Every poison was refused by the gate that it was for.")
    return 1 if failed else 0


def refused_by(poison: Poison, copy: Copy, clean: Iterable[Verdict]) -> bool:
    """Whether each gate of the poison refuses it, and judged the clean project too."""
    since, known = time.perf_counter(), {verdict.gate for verdict in clean}
    copy.restore()
    try:
        verdicts, why = poison.judged(copy), "does not refuse it"
    except Nothing as lacking:
        for gate in poison.gates:
            line(gate, poison.what, 0, f"not possible: {lacking}")
        return True
    except RuntimeError as error:
        verdicts, why = [], str(error)
    refusing = {each.gate: each.why for each in reversed(verdicts) if not each.stands and each.gate in known}
    for gate in poison.gates:
        mark = "" if gate in refusing else "✗ "
        line(mark + gate, poison.what, time.perf_counter() - since, refusing.get(gate, why))
    return refusing.keys() >= {*poison.gates}


def own(gates: Mapping[str, Any]) -> Iterator[Poison]:
    """Those that the project's own gates bring: a function `poison(folder)` that changes a copy of the project."""
    for name, gate in gates.items():
        if hasattr(gate, "poison"):
            yield Poison((name,), "its own", partial(given, gate))


def given(gate: Any, copy: Copy) -> list[Verdict]:
    gate.poison(copy.path)
    verdicts = copy.run()
    return copy.verify(copy.register()) if gate.stage == "release" else verdicts


def line(gate: str, what: str, seconds: float, sentence: str) -> None:
    took = f"{seconds:5.1f} s" if seconds else ""
    print(f"{gate:<20} {what:<50} {took:>8}  {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
