"""What goes into a node or a job: literals, files of this machine, and what other nodes write."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs.assets import Project, locate
from mlops.specs.components import Component
from mlops.specs.expressions import EXPRESSION, whole
from mlops.specs.load import Item, meant
from mlops.specs.types import Asset, Literal, Port, Value
from mlops.specs.values import FILES, LITERALS, default, literal, typed

Scope = Mapping[str, Value | None]


@dataclass(frozen=True)
class Sources:
    """Where values come from besides the spec: `--set` and `--input` by name, assets that the project describes."""

    overrides: Mapping[str, str]
    local: Mapping[str, Path]
    project: Project

    def of_job(self, section: Mapping[str, Item], consumers: Mapping[str, Port]) -> dict[str, Value]:
        """The job's own inputs. What is set by hand has the type that its consumers declare, or else its default's."""
        given: dict[str, Value] = {}
        for name, item in section.items():
            value = self._set(name, item, consumers) if name in self.overrides else self._value(item, name, {})
            if value is None:
                raise item.wrong(
                    f"input `{name}` has no value. Use `--set {name}=VALUE`, or for data `--input {name}=PATH`."
                )
            given[name] = value
        return given

    def of_node(self, node: Item, name: str, component: Component, scope: Scope) -> dict[str, Value]:
        """A node's inputs, each as its component declares it; optional ones without a value are left out."""
        section = node.section("inputs")
        found = {each: self._value(item, f"{name}.{each}", scope) for each, item in section.items()}
        given = {each: value for each, value in found.items() if value is not None}
        if component.inputs is None:
            return given
        for each, port in component.inputs.items():
            if each in given:
                given[each] = _fitting(given[each], port, section[each])
            elif port.default is not None:
                given[each] = default(port, component.item.section("inputs")[each])
        missing = [f"`{each}`" for each, port in component.inputs.items() if each not in given and not port.optional]
        if missing:
            raise node.wrong(f"node `{name}` has no value for {', '.join(missing)}. Bind it under `inputs:`.")
        return {each: given[each] for each in component.inputs if each in given}

    def _set(self, name: str, item: Item, consumers: Mapping[str, Port]) -> Literal:
        inner = item.get("value") if isinstance(item.value, dict) else item
        if inner is None:
            raise item.wrong(f"`--set {name}`: `{name}` is a file or folder. Use `--input {name}=PATH`.")
        text = self.overrides[name]
        port = consumers.get(name) or Port(name, LITERALS.get(type(inner.value), "string"), item.place)
        return literal(typed(text, port.type), port, item, f"`--set {name}={text}`: `{name}`")

    def _value(self, item: Item, name: str, scope: Scope) -> Value | None:
        """What an input says; `scope` holds what expressions may name. None where it has no value."""
        path, inner = item.get("path"), item.get("value") if isinstance(item.value, dict) else item
        if name in self.local:
            if inner is not None:
                raise item.wrong(f"`--input {name}`: `{name}` is not read from a path. Use `--set {name}=VALUE`.")
            if not self.local[name].exists():
                raise Misuse(f"`--input {name}`: {self.local[name]} does not exist. Correct the path.")
            where, source = self.local[name].absolute(), item.text("path") or str(self.local[name])
            return Asset(where, item.text("type") or "uri_folder", source)
        if path is None:
            return None if inner is None else _scalar(inner, name, scope)
        if whole(str(path.value)):
            return _scalar(path, name, scope)
        return Asset(locate(path, name, self.project), item.text("type") or "uri_folder", path.value)


def substituted(item: Item, scope: Scope) -> str:
    """A text with its expressions replaced by the literals they name."""

    def text(reference: str, expression: str) -> str:
        value = _named(item, reference, scope)
        if not isinstance(value, Literal):
            raise item.wrong(f"`{expression}` is no literal with a value, so it cannot be part of a text.", expression)
        return value.text

    return EXPRESSION.sub(lambda match: text(match[1], match[0]), str(item.value))


def _scalar(item: Item, name: str, scope: Scope) -> Value | None:
    if item.value is None:
        return None
    if isinstance(item.value, str) and "${{" in item.value:
        reference = whole(item.value)
        return _named(item, reference, scope) if reference else Literal(substituted(item, scope), "string")
    return literal(item.value, Port(name, LITERALS.get(type(item.value), ""), item.place), item)


def _named(item: Item, reference: str, scope: Scope) -> Value | None:
    if reference not in scope:
        raise item.wrong(f"`${{{{{reference}}}}}` names nothing here: {meant(reference, scope)}", reference)
    return scope[reference]


def _fitting(value: Value, port: Port, item: Item) -> Value:
    """The value as its port wants it; files and folders of every type go into one another."""
    if isinstance(value, Literal):
        return literal(value.text, port, item)
    if port.type not in FILES:
        raise item.wrong(f"input `{port.name}` must be of type {port.type}, not a file or folder.")
    return value
