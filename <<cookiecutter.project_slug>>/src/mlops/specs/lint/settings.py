"""`mlops.yaml`: its own mistakes, and those in the limits of each gate."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlops import settings
from mlops.errors import Misuse
from mlops.specs.load import meant


def of_settings(file: Path) -> Iterator[Misuse]:
    """Every mistake at its line. Only gates that have limits here are imported."""
    try:
        loaded = settings.load(file)
    except Misuse as error:
        yield from _each(error, file)
        return
    for name in loaded.gates:
        try:
            loaded.limits(name, _gate(name, loaded).Limits)
        except Misuse as error:
            yield from _each(error, file)


def _gate(name: str, loaded: settings.Settings) -> Any:
    """A gate of the machinery, else one of the model package."""
    if name.isidentifier() and find_spec(f"mlops.gates.{name}"):
        gate = import_module(f"mlops.gates.{name}")
        if getattr(gate, "id", None) == name:
            return gate
    from mlops.gates.run import discover

    found = discover(loaded.model.package)
    if name not in found:
        raise loaded.wrong(f"`gates.{name}` is no gate: {meant(name, found)}", "gates", name)
    return found[name]


def _each(error: Misuse, file: Path) -> Iterator[Misuse]:
    """The mistakes that one error lists, a line each."""
    if error.file is not None:
        yield error
        return
    for line in error.what.splitlines():
        placed = re.fullmatch(rf"{re.escape(str(file))}:(\d+): (.*)", line)
        yield Misuse(placed[2], file, int(placed[1])) if placed else Misuse(line, file)
