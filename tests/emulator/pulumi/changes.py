"""What differs between two sets of inputs, by path, as the engine shows it. Pure."""

from collections.abc import Iterator
from typing import Any

from tests.emulator.store import Document

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # what the protocol sends for a value that only an update will know

Path = tuple[str | int, ...]


def changes(old: object, new: object, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Paths that were ADDed, DELETEd or UPDATEd."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            if name not in new:
                yield (*at, name), "DELETE"
            elif name not in old:
                yield (*at, name), "ADD"
            else:
                yield from changes(old[name], new[name], (*at, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(new):
                yield (*at, index), "DELETE"
            elif index >= len(old):
                yield (*at, index), "ADD"
            else:
                yield from changes(old[index], new[index], (*at, index))
    elif not _same(old, new, at):
        yield at, "UPDATE"


def _same(old: object, new: object, at: Path) -> bool:
    """Azure writes a region with or without spaces and capitals."""
    if at == ("location",) and isinstance(old, str) and isinstance(new, str):
        return old.replace(" ", "").lower() == new.replace(" ", "").lower()
    return old == new


def text(path: Path) -> str:
    """Such as `properties.networkAcls.ipRules[0].value`, or `tags["cost-centre"]`."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            shown += f".{step}" if step.isidentifier() else f'["{step}"]'
    return shown.lstrip(".")


def carry(inputs: Any, old: Any, new: Any) -> Any:
    """Apply to `inputs` what changed between `old` and `new`: what Azure filled in by itself stays out of them."""
    if old == new:
        return inputs
    if isinstance(inputs, dict) and isinstance(old, dict) and isinstance(new, dict):
        result: Document = {name: value for name, value in inputs.items() if name in new or name not in old}
        for name in new:
            if name not in old:
                result[name] = new[name]
            elif old[name] != new[name]:
                result[name] = carry(inputs.get(name), old[name], new[name])
        return result
    if isinstance(inputs, list) and isinstance(old, list) and isinstance(new, list):
        known = min(len(inputs), len(old), len(new))
        return [carry(inputs[n], old[n], new[n]) if n < known else item for n, item in enumerate(new)]
    return new
