"""What is declared of inputs and outputs, whether a literal fits it, and the text that a command gets."""

import math
from collections.abc import Callable
from typing import Any

from mlops.specs.collect import every
from mlops.specs.load import Item, meant
from mlops.specs.types import Literal, Port

FILES = frozenset({"uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model", "path"})
LITERALS = {bool: "boolean", int: "integer", float: "number", str: "string"}
TYPES = FILES | set(LITERALS.values())
COERCE: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() == "true",
    "integer": lambda text: int(float(text)),
    "number": float,
}


def ports(item: Item, section: str, types: frozenset[str]) -> dict[str, Port]:
    """What a component declares under `inputs` or `outputs`. Raises Misuse for types, limits and choices of no use."""
    entries = item.section(section)
    return every(lambda name: _port(name, entries[name], types), entries)


def _port(name: str, item: Item, types: frozenset[str]) -> Port:
    type_, default = item.text("type"), item.get("default")
    if type_ is None or type_ not in types:
        raise item.wrong(f"`{name}` is of type `{type_}`, which cannot be used here: {meant(str(type_), types)}")
    low, high = _bound(item, "min", -math.inf), _bound(item, "max", math.inf)
    choices = item.take("enum", list) or ()
    for each in choices:
        if type_ == "string" and not isinstance(each.value, str):
            raise each.wrong("`enum` of texts must hold texts; write them in quotes.")
    choices = tuple(str(each.plain()) for each in choices)
    optional = item.take("optional", bool) or False
    return Port(name, type_, optional, default.plain() if default else None, low, high, choices)


def _bound(item: Item, key: str, otherwise: float) -> float:
    bound = item.get(key)
    figure = number(str(bound.plain())) if bound else otherwise
    if math.isnan(figure):
        raise item.wrong(f"`{key}` must be a number.")
    return figure


def is_literal(item: Item) -> bool:
    """Whether the input that a mapping declares is a number, truth value or text."""
    return isinstance(item.value, dict) and item.plain().get("type") in LITERALS.values()


def typed(text: str, type_: str) -> bool | str:
    """What a person typed, as the value that YAML would give; `literal` judges whether it fits."""
    return text if type_ == "string" else {"true": True, "false": False}.get(text.strip().lower(), text.strip())


def literal(value: Any, port: Port, item: Item, subject: str = "") -> Literal:
    """A value for an input as azure-ai-ml sends it: by `str()`, whatever the declared type.

    Raises Misuse at the line of `item` when type, range or choices forbid it.
    """
    if why := _objection(value, str(value), port):
        raise item.wrong(f"{subject or f'input `{port.name}`'} {why}.")
    return Literal(str(value), port.type)


def default(port: Port, item: Item) -> Literal:
    """The default of a port, brought to its declared type before it is printed, as azure-ai-ml does it."""
    given = literal(port.default, port, item, f"the default of `{port.name}`")
    return Literal(str(COERCE.get(port.type, str)(given.text)), port.type)


def _objection(value: Any, text: str, port: Port) -> str | None:
    if type(value) not in LITERALS:
        return f"is read as {type(value).__name__}, not as text or number; write text in quotes"
    if port.type in FILES:
        return f"must be a file or folder of type {port.type}, not `{text}`"
    if port.type == "boolean" and text.lower() not in ("true", "false"):
        return f"must be true or false, not `{text}`"
    if port.type in ("integer", "number"):
        figure = number(text)
        if not math.isfinite(figure) or (port.type == "integer" and not figure.is_integer()):
            return f"must be of type {port.type}, not `{text}`"
        if not port.low <= figure <= port.high:
            return f"must be in [{port.low:g}, {port.high:g}], not `{text}`"
    return f"must be one of {', '.join(port.choices)}, not `{text}`" if text not in (port.choices or text) else None


def number(text: str) -> float:
    """What a text says as a number; NaN when it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
