"""Specs together: what a node is given against what its component declares, and what is declared but not used."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from mlops.specs.collect import refuse
from mlops.specs.components import Component
from mlops.specs.drafts import Draft
from mlops.specs.expressions import names, whole
from mlops.specs.load import Item, meant

FOLDERS = frozenset({"uri_folder", "mltable", "mlflow_model"})
SCRIPT = re.compile(
    r"(?:^|[\s;&|(])(?:python[\d.]*|bash|sh)\s+(?:-[uBOE]\s+)*(?:-m\s+([\w.]+)|([\w./-]+\.(?:py|sh))\b)"
)
ELSEWHERE = re.compile(r"\b(?:cd|git|wget|curl|cp|mv|unzip|tar|cat|echo)\s")
"""Commands after which a script may be where the code folder does not have it."""

UNDECLARED = "the `trial:` of that sweep declares no such output, and Azure ML wants it. Add `inputs:` and `outputs:`."


def check(draft: Draft) -> None:
    """Refuse what binding lets pass in a job or component, and in the nodes that it says inline."""
    _check_inputs(draft, {})
    if draft.component.kind == "pipeline":
        _check_pipeline(draft)
    else:
        _check_command(draft.component)


def _check_pipeline(pipeline: Draft) -> None:
    item = pipeline.component.item
    used = {name for key in ("jobs", "settings", "compute") for name in names(str(item.plain().get(key)))}
    _check_used(item, "inputs", "parent.inputs.", used, "no node takes input `{0}`. Bind it as `{1}`, or remove it.")
    _check_used(item, "outputs", "parent.outputs.", used, "no node writes output `{0}`. Bind one to `{1}`.")
    types = {f"parent.inputs.{name}": each.text("type") or "" for name, each in item.section("inputs").items()}
    loose = set[str]()
    for key, node in pipeline.inner.items():
        types |= {f"parent.jobs.{key}.outputs.{name}": output.port.type for name, output in node.outputs.items()}
        if node.component.kind == "sweep":
            loose |= {f"parent.jobs.{key}.outputs.{name}" for name in {*node.outputs} - {*node.component.outputs}}
    for node in pipeline.inner.values():
        if node.component.inputs is None:
            for item in node.item.section("inputs").values():
                if whole(str((item.get("path") or item).value)) in loose:
                    refuse(item.wrong(UNDECLARED))
            check(node)
        else:
            _check_inputs(node, types)


def _check_inputs(node: Draft, types: Mapping[str, str]) -> None:
    """Refuse inputs that a component does not declare, and folders where it wants a file.

    `types` are those of what the node may be bound to.
    """
    ports = node.component.inputs
    if ports is None:
        return
    for name, item in node.item.section("inputs").items():
        path = item.get("path")
        reference = whole(str((path or item).value)) or ""
        given = types.get(reference) or (item.text("type") if path and not reference else "")
        if name not in ports:
            who = f"component `{node.component.name}`"
            refuse(item.wrong(f"{who} has no input `{name}`, so Azure ML drops it: {meant(name, ports)}"))
        elif ports[name].type == "uri_file" and given in FOLDERS:
            refuse(item.wrong(f"input `{name}` is one file (uri_file) and gets a folder ({given}). Correct one type."))


def _check_used(holder: Item, section: str, prefix: str, used: set[str], what: str) -> None:
    """Refuse what is declared and not named, once nothing else is wrong with the file."""
    for name, item in () if holder.refused else holder.section(section).items():
        if f"{prefix}{name}" not in used and "${{parent." not in str(item.plain()):
            refuse(item.wrong(what.format(name, f"${{{{{prefix}{name}}}}}")))


def _check_command(component: Component) -> None:
    """Refuse inputs that a command does not use, and scripts that are not there."""
    item, command = component.item, component.item.get("command")
    if command is None:
        return
    used = set(re.findall(r"\binputs\.\w+", str(command.value)))
    _check_used(item, "inputs", "inputs.", used, "the command does not use input `{0}`. Write `{1}`, or remove it.")
    if not component.includes:
        _check_scripts(command, component.code)


def _check_scripts(command: Item, folder: Path | None) -> None:
    """Refuse scripts and modules that a command starts and that its code folder does not have."""
    for match in SCRIPT.finditer(command.value):
        module, script = match.groups()
        if ELSEWHERE.search(command.value[: match.start() + 1]):
            return
        if module and folder:
            _check_module(command, folder, module)
        if not script or script.startswith("/"):
            continue
        if folder is None:
            refuse(command.wrong(f"there is no `code:` here that could hold {script}. Name its folder.", script))
        elif not (folder if folder.is_dir() else folder.parent).joinpath(script).is_file():
            near = (each.relative_to(folder).as_posix() for each in folder.rglob(f"*{Path(script).suffix}"))
            refuse(command.wrong(f"{script} does not exist in {folder}: {meant(script, list(near)[:200])}", script))


def _check_module(command: Item, folder: Path, module: str) -> None:
    """Refuse a module that is not in the code, unless it may be one of an installed package."""
    parts = module.split(".")
    for depth, part in enumerate(parts):
        at = folder.joinpath(*parts[:depth])
        there = [each.stem for each in at.glob("*") if each.is_dir() or each.suffix == ".py"]
        if part not in there:
            if depth or get_close_matches(part, there, 1):
                refuse(command.wrong(f"module {module} does not exist in {folder}: {meant(part, there)}", module))
            return
