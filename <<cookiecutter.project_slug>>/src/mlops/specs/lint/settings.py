"""`mlops.yaml`: its own mistakes, those in the limits of each gate, and what the files that speak of it say wrongly."""

import pkgutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlops import gates, owners, settings
from mlops.errors import Misuse
from mlops.evidence import checklist, waivers
from mlops.specs.collect import attempt, refuse
from mlops.specs.load import meant

ALONE = "{} alone feeds data, watches, retrains and fixes: nobody sees what one person overlooks."
"""Four duties that are better shared."""
MISSING = "is missing, and no model is judged without it. Restore it, or write it as docs/govern.md says."


def readable(project: Path) -> settings.Settings | None:
    """The settings, where they can be read."""
    with suppress(Misuse):
        return settings.load(project / "mlops.yaml")
    return None


def check(file: Path, on: str, today: date) -> None:
    """Refuse every mistake at its line. Only gates that have limits here are imported."""
    if loaded := attempt(settings.load, file):
        attempt(_check, file.parent, loaded, on, today)


def _check(project: Path, loaded: settings.Settings, on: str, today: date) -> None:
    package, src = loaded.model.package, project / "src"
    if not (src / package).is_dir():
        there = [each.parent.name for each in src.glob("*/__init__.py") if each.parent.name != "mlops"]
        raise loaded.wrong(f"there is no folder src/{package}: {meant(package, there)}", "model", "package")
    for name in loaded.gates:
        attempt(_check_limits, name, loaded)
    for name, source in loaded.data.items():
        if source.keep_until < today:
            what = f"`data.{name}` may be kept until {source.keep_until} and no longer. Delete it, or ask again."
            refuse(loaded.wrong(what, "data", name, "keep_until"))
    if on == "prod" and (person := loaded.people.alone):
        refuse(loaded.wrong(f"{ALONE.format(person)} Share them, or say why in `people.one_person`.", "people"))
    attempt(owners.check, project, loaded)
    folder = project / "responsible_ai"
    names = {module.name for module in pkgutil.iter_modules([*gates.__path__, str(src / package / "gates")])}
    items = {
        waivers.FILE: lambda: waivers.mistakes(waivers.load(folder), loaded, names, today),
        checklist.FILE: lambda: checklist.mistakes(checklist.load(folder, loaded), names, today),
    }
    for name, mistakes in items.items():
        attempt(_check_items, folder / name, mistakes)


def _check_limits(name: str, loaded: settings.Settings) -> None:
    loaded.limits(name, _gate(name, loaded).Limits).check_with(loaded)


def _check_items(file: Path, mistakes: Callable[[], Any]) -> None:
    if not file.is_file():
        raise Misuse(MISSING, file)
    for place, verdict in mistakes():
        refuse(Misuse(f"{verdict.why} {verdict.next_step}", place.file, place.line))


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
