"""What goes into a node or a job: literals, files of this machine, and what other nodes write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mlops.errors import Misuse
from mlops.specs.assets import REMOTE, Project, locate
from mlops.specs.collect import Follows, attempt, refuse
from mlops.specs.drafts import Draft
from mlops.specs.expressions import EXPRESSION, names, unknowns, whole
from mlops.specs.load import Elsewhere, Item, meant
from mlops.specs.types import Asset, Literal, Port, Value
from mlops.specs.values import FILES, LITERALS, default, is_literal, literal, typed

UNKNOWN = Asset(Path(), "", "")
"""The value of an input whose own was refused, where refusals are collected."""
Scope = Mapping[str, Value | None]
Default = TypeVar("Default", int, None)


@dataclass(frozen=True)
class Sources:
    """Where values come from besides the spec: `--set` and `--input` by name, assets that the project describes.

    `elsewhere` collects the inputs that are not on this machine.
    """

    overrides: Mapping[str, str]
    local: Mapping[str, Path]
    project: Project
    elsewhere: dict[str, Item] = field(default_factory=dict)

    def of_job(self, job: Draft) -> dict[str, Value]:
        """The job's own inputs. What is set by hand has the type that its consumers declare, or else its default's."""
        given = self.given(job, "", {})
        for name in job.required:
            if name not in given:
                remedy = f"Use `--set {name}=VALUE`, or for data `--input {name}=PATH`."
                refuse(job.inputs[name].wrong(f"input `{name}` has no value. {remedy}"))
                given[name] = UNKNOWN
        return given

    def of_node(self, node: Draft, scope: Scope) -> dict[str, Value]:
        """A node's inputs, each as its component declares it; what has no value and need not have one is left out."""
        given = self.given(node, f"{node.name}.", scope)
        declared = node.component.item.section("inputs") if node.component.inputs else {}
        unset = [name for name in node.required if name in declared and name not in given]
        if missing := ", ".join(f"`{name}`" for name in unset if not declared[name].refused):
            raise node.item.wrong(f"node `{node.name}` has no value for {missing}. Bind it under `inputs:`.")
        return given

    def check(self) -> None:
        """Raises Misuse that names every input that is not on this machine."""
        if self.elsewhere and not self.project.remote:
            said = ", ".join(f"input `{name}` is `{item.value}`" for name, item in self.elsewhere.items())
            options = " ".join(f"--input {name}=PATH" for name in self.elsewhere)
            remedy = f"Name a local copy with `{options}`, or map URIs to folders in `environments.local.paths`."
            first = next(iter(self.elsewhere.values()))
            raise first.wrong(f"{said}, not on this machine. {remedy}", kind=Elsewhere)

    def given(self, node: Draft, prefix: str, scope: Scope) -> dict[str, Value]:
        """The inputs that have a value; a default is one. Files and folders of every type go into one another."""
        tried = {name: attempt(self._given, node, name, prefix, scope, otherwise=UNKNOWN) for name in node.inputs}
        return {name: value for name, value in tried.items() if value is not None}

    def _given(self, node: Draft, name: str, prefix: str, scope: Scope) -> Value | None:
        item, port = node.inputs[name], (node.component.inputs or {}).get(name)
        if is_literal(item) and item is node.item.section("inputs").get(name):
            value = item.get("value") or item.get("default")
            what = f"write `{name}: {value.plain() if value else 'VALUE'}`: a job's own input is its value."
            raise item.wrong(f"{what} Only components declare types like {item.text('type')}.")
        by_hand = not prefix and name in self.overrides
        value = self._set(name, item, node) if by_hand else self._value(item, prefix + name, scope)
        if port is None or value is UNKNOWN:
            return value
        if value is None:
            has_default = port.default is not None and name not in node.drawn
            return default(port, node.component.item.section("inputs")[name]) if has_default else None
        if isinstance(value, Literal):
            return literal(value.text, port, item)
        if port.type not in FILES:
            raise item.wrong(f"input `{name}` must be of type {port.type}, not a file or folder.")
        return value

    def _set(self, name: str, item: Item, job: Draft) -> Literal:
        port = _consumer(job, name)
        inner = item.get("value") if isinstance(item.value, dict) else item
        if inner is None and (port is None or port.type in FILES):
            raise item.wrong(f"`--set {name}`: `{name}` is a file or folder. Use `--input {name}=PATH`.")
        text = self.overrides[name]
        port = port or Port(name, LITERALS.get(type(inner.value) if inner else str, "string"))
        return literal(typed(text, port.type), port, item, f"`--set {name}={text}`: `{name}`")

    def _value(self, item: Item, name: str, scope: Scope) -> Value | None:
        """What an input says; `scope` holds what expressions may name. None where it has no value."""
        path, inner = item.get("path"), item.get("value") if isinstance(item.value, dict) else item
        if name in self.local:
            if inner is not None and inner.value is not None:
                raise item.wrong(f"`--input {name}`: `{name}` {_instead(inner, name)}")
            where, type_, source = self.local[name], item.text("type"), item.text("path")
            if self.project.remote and REMOTE.match(str(where)):
                return Asset(where, type_ or "uri_folder", str(where))
            if not where.exists():
                raise Misuse(f"`--input {name}`: {where} does not exist. Correct the path.")
            if type_ in ("uri_file", "uri_folder", "mltable") and where.is_dir() == (type_ == "uri_file"):
                wants, is_ = ("file", "folder") if where.is_dir() else ("folder", "file")
                raise item.wrong(f"`--input {name}`: {where} is a {is_}, and {type_} is a {wants}. Name a {wants}.")
            return Asset(where.absolute(), type_ or "uri_folder", source or str(where))
        if path is None or whole(str(path.value)):
            said = path or inner
            return _scalar(said, name, scope) if said else None
        where, version = locate(path, name, self.project)
        if where is None:
            self.elsewhere[name] = path
        return Asset(where or Path(path.value), item.text("type") or "uri_folder", path.value, version)


def from_path(item: Item) -> bool:
    """Whether an input, as it is written, reads a file or folder of its own."""
    return item.value is None or (isinstance(item.value, dict) and not item.get("value") and not is_literal(item))


def _instead(inner: Item, name: str) -> str:
    """What an input is that is not read from a path, and what to do."""
    if isinstance(inner.value, str) and (bound := whole(inner.value)):
        option = bound.removeprefix("parent.inputs.")
        remedy = "Change the file" if option == bound else f"Use `--input {option}=PATH`, or `--set {option}=VALUE`"
        return f"is bound to `{inner.value}`. {remedy}."
    return f"is not read from a path. {'Change it in the file' if '.' in name else f'Use `--set {name}=VALUE`'}."


def substituted(item: Item, scope: Scope) -> str:
    """A text with its expressions replaced by the literals they name."""

    def text(reference: str, expression: str) -> str:
        value = _named(item, reference, scope)
        if value is UNKNOWN:
            raise Follows(expression)
        if not isinstance(value, Literal):
            raise item.wrong(f"`{expression}` is no literal with a value, so it cannot be part of a text.", expression)
        return value.text

    return EXPRESSION.sub(lambda match: text(match[1], match[0]), str(item.value))


def count(holder: Item | None, key: str, scope: Scope, otherwise: Default, least: int = 1) -> int | Default:
    """The whole number under a key, which may be an expression. Raises Misuse when it is none, or less than `least`."""
    item = holder.get(key) if holder else None
    if item is None:
        return otherwise
    text = substituted(item, scope)
    if not re.fullmatch(r"-?\d+", text) or int(text) < least:
        raise item.wrong(f"`{key}` must be a whole number of at least {least}, not `{text}`.")
    return int(text)


def _consumer(job: Draft, name: str) -> Port | None:
    """What declares the type of a job's input: its component, or else the literal input of a node that it goes into."""
    if job.component.inputs is not None:
        return job.component.inputs[name]
    for node in job.inner.values():
        for each, port in (node.component.inputs or {}).items():
            item = node.inputs[each]
            if port.type not in FILES and whole(str(item.value)) == f"parent.inputs.{name}":
                return port
    return None


def _scalar(item: Item, name: str, scope: Scope) -> Value | None:
    if item.value is None:
        return None
    for fragment, what in unknowns(item.value, list(names(item.value))) if isinstance(item.value, str) else ():
        raise item.wrong(what, fragment)
    if isinstance(item.value, str) and "${{" in item.value:
        reference = whole(item.value)
        return _named(item, reference, scope) if reference else Literal(substituted(item, scope), "string")
    return literal(item.value, Port(name, LITERALS.get(type(item.value), "")), item)


def _named(item: Item, reference: str, scope: Scope) -> Value | None:
    if reference not in scope:
        raise item.wrong(f"`${{{{{reference}}}}}` names nothing here: {meant(reference, scope)}", reference)
    return scope[reference]
