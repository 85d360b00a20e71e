"""Specs together: what a node is given against what its component declares, and what is declared but not used."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs.assets import Project, existing
from mlops.specs.expressions import EXPRESSION, unknowns, whole
from mlops.specs.load import Item, meant, read

FOLDERS = frozenset({"uri_folder", "mltable", "mlflow_model"})
SCRIPT = re.compile(
    r"(?:^|[\s;&|(])(?:python[\d.]*|bash|sh)\s+(?:-[uBOE]\s+)*(?:-m\s+([\w.]+)|([\w./-]+\.(?:py|sh))\b)"
)
ELSEWHERE = re.compile(r"\b(?:cd|git|wget|curl|cp|mv|unzip|tar|cat|echo)\s")
"""Commands after which a script may be where the code folder does not have it."""


def component_of(node: Item, project: Project) -> Item | None:
    """What a node refers to, if that is a sound document of this machine; the node itself when it is inline."""
    reference = node.get("component") or node.get("trial")
    if reference is None:
        return node
    if isinstance(reference.value, dict):
        return reference
    try:
        return project.find(str(reference.value), "component") or read(existing(reference, "component", ""))
    except Misuse:
        return None


def of_pipeline(root: Item, project: Project) -> Iterator[Misuse]:
    """The mistakes between the nodes of a pipeline job or component."""
    nodes = {name: node for name, node in _section(root, "jobs").items() if isinstance(node.value, dict)}
    inputs, outputs = _section(root, "inputs"), _section(root, "outputs")
    used = {name for key in ("jobs", "settings", "compute") for name in _named(root.get(key))}
    yield from _unused(inputs, "parent.inputs.", used, "no node takes input `{0}`. Bind it as `{1}`, or remove it.")
    yield from _unused(outputs, "parent.outputs.", used, "no node writes output `{0}`. Bind one to `{1}`.")
    known = {name: component_of(node, project) for name, node in nodes.items()}
    types = {f"parent.inputs.{name}": _type(item) for name, item in inputs.items()}
    for name, node in nodes.items():
        declared = _section(known[name], "outputs")
        for output, item in (declared | _section(node, "outputs")).items():
            types[f"parent.jobs.{name}.outputs.{output}"] = _type(item) or _type(declared.get(output))
    for name, node in nodes.items():
        if (component := known[name]) is node:
            yield from of_command(node)
        elif component:
            yield from _given(node, component, types)


def _unused(section: Mapping[str, Item], prefix: str, used: set[str], what: str) -> Iterator[Misuse]:
    """What is declared and not named, unless it was misspelt where it is named."""
    misspelt = [name for name in used if name.startswith(prefix) and name.removeprefix(prefix) not in section]
    for name, item in section.items():
        if f"{prefix}{name}" not in used and not get_close_matches(name, (m.removeprefix(prefix) for m in misspelt), 1):
            yield item.wrong(what.format(name, f"${{{{{prefix}{name}}}}}"))


def _given(node: Item, component: Item, types: Mapping[str, str]) -> Iterator[Misuse]:
    """A node's inputs against its component's."""
    declared, called = _section(component, "inputs"), component.get("name")
    for name, item in _section(node, "inputs").items():
        if name not in declared:
            who = f"component `{called.value}`" if called else "the component"
            yield item.wrong(f"{who} has no input `{name}`, so Azure ML drops it: {meant(name, declared)}")
            continue
        path = item.get("path")
        reference = whole(str(path.value if path else item.value)) or ""
        given = types.get(reference) or (_type(item) if path and not reference else "")
        if _type(declared[name]) == "uri_file" and given in FOLDERS:
            yield item.wrong(f"input `{name}` is one file (uri_file) and gets a folder ({given}). Correct one type.")


def of_command(item: Item) -> Iterator[Misuse]:
    """The mistakes between the command of a job, component or inline node and what is declared beside it."""
    command = item.get("command")
    if command is None or not isinstance(command.value, str):
        return
    inputs, outputs = _section(item, "inputs"), _section(item, "outputs")
    known = [f"{part}.{name}" for part, section in (("inputs", inputs), ("outputs", outputs)) for name in section]
    for fragment, what in unknowns(command.value, known):
        yield command.wrong(what, fragment)
    used = set(re.findall(r"\binputs\.\w+", f"{command.value} {_text(item.get('environment_variables'))}"))
    free = {name: entry for name, entry in inputs.items() if "${{parent." not in _text(entry)}
    yield from _unused(free, "inputs.", used, "the command does not use input `{0}`. Write `{1}`, or remove it.")
    if not item.get("additional_includes"):
        yield from _scripts(command, item.get("code"))


def _scripts(command: Item, code: Item | None) -> Iterator[Misuse]:
    """Scripts and modules that a command starts and that its code folder does not have."""
    try:
        folder = existing(code, "code", "") if code else None
    except Misuse:
        return
    for match in SCRIPT.finditer(command.value):
        module, script = match.groups()
        if ELSEWHERE.search(command.value[: match.start() + 1]):
            return
        if folder is None:
            if script and not script.startswith("/"):
                yield command.wrong(f"there is no `code:` here that could hold {script}. Name its folder.", script)
        elif script and not script.startswith("/") and not _inside(folder, script):
            near = (each.relative_to(folder).as_posix() for each in folder.rglob(f"*{Path(script).suffix}"))
            yield command.wrong(f"{script} does not exist in {folder}: {meant(script, list(near)[:200])}", script)
        elif module and (hint := _absent(folder, module)):
            yield command.wrong(f"module {module} does not exist in {folder}: {hint}", module)


def _inside(folder: Path, script: str) -> bool:
    return (folder / script).is_file() if folder.is_dir() else folder.name == script.removeprefix("./")


def _absent(folder: Path, module: str) -> str:
    """Which module was probably meant; empty if it is there, or may be one of an installed package."""
    top, *rest = module.split(".")
    at = folder
    for part in (top, *rest):
        inner = [each.stem for each in at.iterdir() if each.is_dir() or each.suffix == ".py"] if at.is_dir() else []
        if part not in inner:
            return meant(part, inner) if at != folder or get_close_matches(part, inner, 1) else ""
        at = at / part if (at / part).is_dir() else at / f"{part}.py"
    return ""


def _named(item: Item | None) -> Iterator[str]:
    """What all expressions in a section name."""
    if item is None:
        return
    inner = item.value.values() if isinstance(item.value, dict) else item.value if isinstance(item.value, list) else ()
    for each in inner:
        yield from _named(each)
    if isinstance(item.value, str):
        yield from (match[1] for match in EXPRESSION.finditer(item.value))


def _text(item: Item | None) -> str:
    return "" if item is None else str(item.plain())


def _section(item: Item | None, key: str) -> dict[str, Item]:
    found = item.get(key) if item else None
    return found.value if found and isinstance(found.value, dict) else {}


def _type(item: Item | None) -> str:
    found = item.get("type") if item else None
    return str(found.value) if found else ""
