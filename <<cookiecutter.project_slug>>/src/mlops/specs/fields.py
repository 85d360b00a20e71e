"""Fields that a document or section does not have, that are missing, or hold the wrong thing: `fields.yml` says it."""

import re
from pathlib import Path
from typing import Any

import yaml

from mlops.specs.collect import refuse
from mlops.specs.load import MUST, Item, Loader, meant
from mlops.specs.values import FILES, is_literal

TABLE: dict[str, dict[str, Any]] = yaml.load(Path(__file__).with_suffix(".yml").read_text("utf-8"), Loader)
FIELDS, LACKS, REQUIRED = (
    {name: frozenset(text.split()) for name, text in TABLE[part].items()} for part in ("fields", "lacks", "required")
)
SHAPES = {field: types for types, fields in TABLE["shapes"].items() for field in fields.split()}
RUN = ("command", "parallel", "pipeline", "sweep")


def kind_of(root: Item, component: bool) -> str:
    """What a document is, by its `$schema`, else by what it holds; "" for kinds that are not checked by field.

    Refuses a `$schema` of another kind than `type`.
    """
    schema, said = root.get("$schema"), root.get("type")
    if schema and (named := re.search(r"/(\w+)\.schema\.json", str(schema.value))):
        kind = TABLE["schemas"].get(named[1]) or re.sub(r"(Job|Component)$", r" \1", named[1]).lower()
        if said and {kind.split()[0], type_ := str(said.value).lower()} <= {*RUN} and not kind.startswith(type_):
            refuse(said.wrong(f"`$schema` and `type` differ: {kind} and `{type_}`. Make them the same."))
            return ""
        return kind if kind in FIELDS else ""
    type_ = str(said.value).lower() if said else ""
    if type_ in FILES and root.get("path"):
        return "data asset"
    if not type_ and (root.get("image") or root.get("build")) and root.get("name"):
        return "environment"
    return f"{type_} {'component' if component else 'job'}" if type_ in RUN else ""


def check(item: Item, kind: str) -> None:
    """Refuse what is wrong with the fields of a mapping of that kind, and of the sections in it."""
    if not isinstance(item.value, dict):
        refuse(item.wrong(f"here should be the fields of {_a(kind)}, as in `name: value`."))
        return
    said = item.get("type")
    type_ = str(said.value).lower() if said else "untyped"
    known = FIELDS[kind] - LACKS.get(f"{type_} {kind}", frozenset())
    for key, value in item.value.items():
        if key not in known:
            refuse(value.wrong(_unknown(key, kind, known)))
        elif why := _shape(kind, key, value.value, type_):
            refuse(value.wrong(f"`{key}` {why}."))
        elif isinstance(value.value, dict):
            _check_inside(kind, key, value)
    required = REQUIRED.get(kind, frozenset()) | REQUIRED.get(f"{type_} {kind}", frozenset())
    for key in sorted(required) if item.get("component") is None or kind.endswith("deployment") else ():
        if item.get(key) is None:
            refuse(item.wrong(f"{_a(kind)} needs `{key}:`; add it."))


def _shape(kind: str, key: str, value: Any, type_: str) -> str | None:
    """What is wrong with the value of a field."""
    if value is None:
        return "is empty; write its value, or leave it out"
    if isinstance(value, str) and "${{" in value:
        return None
    types = SHAPES.get(key)
    if types and type(value).__name__ not in types.split():
        return MUST.get(types) or TABLE["otherwise"][types]
    choices = _said("choices", f"{type_} {kind}", key) or _said("choices", kind, key)
    if choices and str(value).lower() not in choices:
        return f"must be one of {', '.join(choices)}, not `{value}`"
    pattern, text = _said("patterns", kind, key), "{…}" if isinstance(value, dict) else str(value)
    described = isinstance(value, dict) and f"{kind} {key}" not in TABLE["patterns"]
    if pattern and not described and not re.fullmatch(pattern[0], text):
        return pattern[1].format(text)
    return None


def _check_inside(kind: str, key: str, value: Item) -> None:
    """Refuse what is wrong in a mapping whose own shape is right."""
    if section := _said("sections", kind, key):
        check(value, section)
    for entry in value.value.values() if key in ("inputs", "outputs", "jobs") else ():
        inner = _node(entry) if key == "jobs" else _said("entries", kind, key)
        if inner in FIELDS and isinstance(entry.value, dict) and not (inner == "input" and is_literal(entry)):
            check(entry, inner)


def _said(part: str, kind: str, key: str) -> Any:
    """What a part of the table says about a field of one kind, else of all."""
    return TABLE[part].get(f"{kind} {key}") or TABLE[part].get(key)


def _node(node: Item) -> str:
    said = node.get("type")
    return f"{said.value if said else 'sweep' if node.get('trial') else 'command'} node".lower()


def _unknown(key: str, kind: str, known: frozenset[str]) -> str:
    if (key, kind) == ("environment_variables", "command component"):
        return "Azure ML drops `environment_variables` of a component. Set them on the node."
    return f"`{key}` is no field of {_a(kind)}, so Azure ML refuses or drops it: {meant(key, known)}"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"
