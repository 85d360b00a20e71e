"""One document by itself: fields that its kind does not have, that are missing, or that hold the wrong thing."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlops.errors import Misuse
from mlops.specs.assets import REMOTE, existing
from mlops.specs.lint.fields import CHOICES, FIELDS, REQUIRED, SECTIONS, SHAPE
from mlops.specs.load import Item, meant
from mlops.specs.values import FILES, LITERALS

KINDS = {
    "commandJob": "command job",
    "pipelineJob": "pipeline job",
    "sweepJob": "sweep job",
    "commandComponent": "command component",
    "pipelineComponent": "pipeline component",
    "parallelComponent": "parallel component",
    "environment": "environment",
    "data": "data asset",
}
NODES = frozenset({"command", "parallel", "sweep", "pipeline"})
NODE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
COMPONENT_NAME = re.compile(r"[a-z][a-z0-9_]*")


def kind_of(root: Item, component: bool) -> str | None:
    """What a document is, by its `$schema`, else by what it holds; None for kinds that are not checked by field."""
    if named := re.search(r"/(\w+)\.schema\.json", _text(root, "$schema")):
        return KINDS.get(named[1])
    type_ = _text(root, "type").lower()
    if type_ in FILES and root.get("path"):
        return "data asset"
    if not type_ and (root.get("image") or root.get("build")) and root.get("name"):
        return "environment"
    if type_ in ("command", "parallel", "pipeline", "sweep"):
        return f"{type_} {'component' if component else 'job'}"
    return None


def mistakes(item: Item, kind: str) -> Iterator[Misuse]:
    """Everything that is wrong with the fields of a mapping of that kind, and of the sections in it."""
    if kind not in FIELDS:
        return
    if not isinstance(item.value, dict):
        yield item.wrong(f"here should be the fields of {_a(kind)}, as in `name: value`.")
        return
    for key, value in item.value.items():
        if key not in FIELDS[kind]:
            yield value.wrong(_unknown(key, kind))
        elif value.value is not None:
            if why := _shape(key, value):
                yield value.wrong(f"`{key}` {why}.")
            else:
                yield from _inside(item, kind, key, value)
    for key in sorted(REQUIRED.get(kind, ())):
        if item.get(key) is None:
            yield item.wrong(f"{_a(kind)} needs `{key}:`; add it.")


def _unknown(key: str, kind: str) -> str:
    if (key, kind) == ("environment_variables", "command component"):
        return "Azure ML drops `environment_variables` of a component. Set them on the node."
    return f"`{key}` is no field of {_a(kind)}, so Azure ML refuses or drops it: {meant(key, FIELDS[kind])}"


WRONG: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "must be text; write it in quotes"),
    "flag": (lambda value: isinstance(value, bool), "must be true or false"),
    "mapping": (lambda value: isinstance(value, dict), "must hold names with values, as in `name: value`"),
    "list": (lambda value: isinstance(value, list), "must be a list, as in `[a, b]`"),
    "whole": (lambda value: re.fullmatch(r"-?\d+", str(value)) is not None, "must be a whole number"),
    "scalar": (lambda value: not isinstance(value, list | dict), "must be a text or a number"),
    "text or mapping": (lambda value: isinstance(value, str | dict), "must be text, or hold names with values"),
    "": (lambda value: True, ""),
}


def _shape(key: str, item: Item) -> str | None:
    """What is wrong with the value of a field, whatever the field is part of."""
    value = item.plain()
    fits, wrong = WRONG[SHAPE.get(key, "")]
    if "${{" in str(value):
        return None
    if not fits(value):
        return wrong
    if key in CHOICES and str(value).lower() not in CHOICES[key]:
        return f"must be one of {', '.join(sorted(CHOICES[key]))}, not `{value}`"
    if key == "version" and not isinstance(value, int | str):
        return f"is read as {type(value).__name__} {value}, which drops zeros at its end; write it in quotes"
    if key == "default_compute" and not str(value).startswith(("azureml:", "serverless")):
        return f"is `{value}`; write `azureml:{value}` or `serverless`"
    if key == "environment" and isinstance(value, str) and not value.startswith(("azureml:", "file:")):
        return f"is `{value}`; write `azureml:{value}@latest` for a registered one, or `file:` and the path of its YAML"
    return None


def _inside(item: Item, kind: str, key: str, value: Item) -> Iterator[Misuse]:
    """The mistakes in a field whose own shape is right."""
    component = kind.endswith("component")
    if key == "name" and component and not COMPONENT_NAME.fullmatch(value.value):
        yield value.wrong(f"a component's name is of a-z, 0-9 and _, a letter first; `{value.value}` is not.")
    elif key in ("inputs", "outputs"):
        singular = key.removesuffix("s")
        for name, entry in value.value.items():
            if component and entry.value is None:
                yield entry.wrong(f"a component needs the type of `{name}`, as in `type: uri_folder`.")
            elif component or isinstance(entry.value, dict):
                yield from mistakes(entry, f"component {singular}" if component else singular)
                yield from _type(name, entry, FILES | (set(LITERALS.values()) if component else set()))
    elif key == "jobs":
        for name, node in value.value.items():
            if not NODE_NAME.fullmatch(name):
                yield node.wrong(f"a node's name is of a-z, 0-9 and _, no digit first; `{name}` is not.")
            yield from _node(node)
    elif key == "limits":
        yield from mistakes(value, f"{'sweep' if kind.startswith('sweep') else 'command'} limits section")
    elif key in SECTIONS and isinstance(value.value, dict):
        yield from mistakes(value, SECTIONS[key])
        if key == "build":
            yield from _dockerfile(value)
    yield from _paths(kind, key, value)


def _node(node: Item) -> Iterator[Misuse]:
    kind = _text(node, "type").lower() or ("sweep" if node.get("trial") else "command")
    if kind in NODES:
        yield from mistakes(node, f"{kind} node")


def _type(name: str, item: Item, known: set[str] | frozenset[str]) -> Iterator[Misuse]:
    type_ = item.get("type")
    if type_ and str(type_.value) not in known and "${{" not in str(type_.value):
        what = f"`{name}` is of type `{type_.value}`, which cannot be used here: {meant(str(type_.value), known)}"
        yield item.wrong(what)


def _paths(kind: str, key: str, item: Item) -> Iterator[Misuse]:
    """Files and folders beside the document that are named and not there."""
    text = item.value
    if not isinstance(text, str) or REMOTE.match(text) or "${{" in text:
        return
    local = {"code": True, "conda_file": True, "path": kind in ("build context", "data asset")}.get(key, False)
    if local or (key == "environment" and text.startswith("file:")):
        try:
            existing(item, key, "Name a folder beside this file." if key == "code" else "Correct the path.")
        except Misuse as error:
            yield error


def _dockerfile(build: Item) -> Iterator[Misuse]:
    """A build context without its Dockerfile."""
    folder, name = build.get("path"), _text(build, "dockerfile_path") or "Dockerfile"
    if folder and isinstance(folder.value, str) and not REMOTE.match(folder.value):
        where = Path(folder.place.file.parent, folder.value)
        if where.is_dir() and not (where / name).is_file():
            yield (build.get("dockerfile_path") or build).wrong(f"there is no {name} in {folder.value}. Correct it.")


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _text(item: Item, key: str) -> str:
    found = item.get(key)
    return found.value if found and isinstance(found.value, str) else ""
