"""Files of YAML of which every key is known: what is silently left out would prove nothing."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml


class NotUnderstood(Exception):
    """Says what of a workflow this model does not know, or what the CI system itself would refuse."""


def parsed(path: Path) -> dict[str, Any]:
    """As YAML 1.2 has it, where `on` is a word. Raises NotUnderstood where the file is not there."""
    if not path.is_file():
        raise NotUnderstood(f"{path.name} is not there.")
    document = yaml.safe_load(path.read_text("utf-8"))
    if True in document:
        document["on"] = document.pop(True)
    return document


def only(section: Any, known: Iterable[str], where: str) -> None:
    """Raises NotUnderstood for a key that is none of those, and for what has no keys."""
    if not isinstance(section, Mapping):
        raise NotUnderstood(f"{where}: {section!r} is not known here; name each key.")
    if strange := sorted({str(each) for each in section} - set(known)):
        raise NotUnderstood(f"{where}: `{strange[0]}` is not known here. Teach it to the model, or do without it.")


def listed(names: str | list[str]) -> list[str]:
    """What may be written as one name or as several."""
    return [names] if isinstance(names, str) else names
