"""`mlops.yaml`: its own mistakes, and those in the limits of each gate."""

import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from mlops import settings
from mlops.errors import Misuse
from mlops.specs.collect import refuse
from mlops.specs.load import meant

Result = TypeVar("Result")


def mapped(project: Path) -> dict[str, Path]:
    """Which folder holds what lies under the start of a URI; none where the settings cannot be read."""
    try:
        return settings.load(project / "mlops.yaml").mapped(project)
    except Misuse:
        return {}


def check(file: Path) -> None:
    """Refuse every mistake at its line. Only gates that have limits here are imported."""
    loaded, src = _lines(file, settings.load, file), file.parent / "src"
    if loaded and not (src / loaded.model.package).is_dir():
        there = [each.parent.name for each in src.glob("*/__init__.py") if each.parent.name != "mlops"]
        what = f"there is no folder src/{loaded.model.package}: {meant(loaded.model.package, there)}"
        refuse(loaded.wrong(what, "model", "package"))
        return
    for name in loaded.gates if loaded else ():
        _lines(file, _check_limits, name, loaded)


def _check_limits(name: str, loaded: settings.Settings) -> None:
    loaded.limits(name, _gate(name, loaded).Limits)


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


def _lines(file: Path, function: Callable[..., Result], *arguments: Any) -> Result | None:
    """What a function gives; of what it refuses, each line is a mistake of its own."""
    try:
        return function(*arguments)
    except Misuse as error:
        placed = re.findall(rf"^{re.escape(str(file))}:(\d+): (.*)$", error.what, re.MULTILINE)
        for line, what in placed:
            refuse(Misuse(what, file, int(line)))
        if not placed:
            refuse(error)
        return None
