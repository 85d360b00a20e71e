"""Components: files that are referred to, or nodes that say inline what they run."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.specs.assets import Project, existing
from mlops.specs.load import Item, meant, read
from mlops.specs.types import Port
from mlops.specs.values import FILES, LITERALS

TYPES = FILES | set(LITERALS.values())


@dataclass(frozen=True)
class Component:
    """What a node runs. `inputs` is None for an inline node: it has the inputs it is given."""

    name: str
    item: Item
    command: Item
    code: Path | None
    environment: Any
    inputs: Mapping[str, Port] | None
    outputs: Mapping[str, Port]


def of_node(node: Item, name: str, project: Project) -> Component:
    """The component of a command node. Raises Misuse when it cannot be found, or is of a kind that is not run here."""
    reference = node.get("component")
    item = _referred(reference, project) if reference else node
    for each in (node, item):
        kind = (each.text("type") or ("sweep" if each.get("trial") else "command")).lower()
        if kind != "command":
            what = (
                f"`{name}` is of type `{kind}`, which is not run locally. Submit this file to Azure ML or leave it out."
            )
            raise (each.get("type") or each).wrong(what)
    command, code = item.get("command"), item.get("code")
    if command is None or not isinstance(command.value, str) or not command.value.strip():
        raise (command or item).wrong("there is no `command:` here. Say what is to be run.")
    return Component(
        name=(item.text("name") if reference else None) or name,
        item=item,
        command=command,
        code=existing(code, "code", "Name a folder beside this file.").absolute() if code else None,
        environment=_environment(item),
        inputs=_ports(item, "inputs", TYPES) if reference else None,
        outputs=_ports(item, "outputs", FILES) if reference else {},
    )


def _referred(reference: Item, project: Project) -> Item:
    if isinstance(reference.value, dict):
        return reference
    if found := project.find(str(reference.value), "component"):
        return found
    return read(existing(reference, "component", "Name the file of a component in this project."))


def _ports(item: Item, section: str, types: frozenset[str]) -> dict[str, Port]:
    return {name: _port(name, entry, types) for name, entry in item.section(section).items()}


def _port(name: str, item: Item, types: frozenset[str]) -> Port:
    type_, choices = item.text("type"), item.get("enum")
    if type_ is None or type_ not in types:
        raise item.wrong(f"`{name}` is of type `{type_}`, which cannot be used here: {meant(str(type_), types)}")
    if choices and not isinstance(choices.value, list):
        raise choices.wrong("`enum` must be a list, as in `[a, b]`.")
    default, low, high = item.get("default"), _bound(item, "min", -math.inf), _bound(item, "max", math.inf)
    allowed = tuple(map(str, choices.plain())) if choices else ()
    return Port(
        name, type_, item.place, item.flag("optional"), default.plain() if default else None, low, high, allowed
    )


def _bound(item: Item, key: str, otherwise: float) -> float:
    bound = item.get(key)
    try:
        return float(bound.value) if bound else otherwise
    except (TypeError, ValueError):
        raise item.wrong(f"`{key}` must be a number.") from None


def _environment(item: Item) -> Any:
    environment = item.get("environment")
    if environment and str(environment.value).startswith("file:"):
        environment = read(existing(environment, "environment", "Correct the path."))
    return json.loads(json.dumps(environment.plain(), default=str)) if environment else None
