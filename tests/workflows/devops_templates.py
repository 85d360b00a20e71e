"""Templates of Azure DevOps in their places: every `${{ }}` is worked out before a run begins."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.workflows.documents import NotUnderstood, only, parsed
from tests.workflows.expressions import evaluate, fill, text

CLAUSE = re.compile(r"\$\{\{\s*(\w+)\b(.*)\}\}", re.DOTALL)
KINDS = ("stages", "jobs", "steps", "variables")
Known = Mapping[str, Any]


def expanded(value: Any, known: Known, file: Path) -> Any:
    """What is left when every `${{ }}` is worked out, and every template is in its place."""
    if isinstance(value, dict):
        return _section(value, known, file)
    if isinstance(value, list):
        return [each for item, here in _chosen(value, known) for each in _items(item, here, file)]
    return fill(value, known)


def _section(value: dict[str, Any], known: Known, file: Path) -> dict[str, Any]:
    found = dict[str, Any]()
    for key, each in value.items():
        word, said = _clause(key)
        if word == "each":
            raise NotUnderstood(f"{file.name}: `each` makes items of a list here, not keys.")
        if not word:
            found[key] = expanded(each, known, file)
        elif evaluate(said, known):
            found |= expanded(each, known, file)
    return found


def _chosen(items: list[Any], known: Known) -> Iterator[tuple[Any, Known]]:
    """The items of a list that are left, each with what is known there."""
    for item in items:
        key = next(iter(item)) if isinstance(item, dict) and len(item) == 1 else ""
        word, said = _clause(key)
        if not word:
            yield item, known
        elif word == "each":
            name, _, of = said.strip().partition(" in ")
            for each in evaluate(of, known):
                yield from _chosen(item[key], {**known, name: each})
        elif evaluate(said, known):
            yield from _chosen(item[key], known)


def _clause(key: str) -> tuple[str, str]:
    """`if` or `each`, and what is said of it. Raises NotUnderstood for another word."""
    if not (found := CLAUSE.fullmatch(key.strip())):
        return "", ""
    if found[1] not in ("if", "each"):
        raise NotUnderstood(f"`{key}` is not known here, only `if` and `each`.")
    return found[1], found[2]


def _items(value: Any, known: Known, file: Path) -> list[Any]:
    """One item, or those of the template that it names."""
    if not (isinstance(value, dict) and "template" in value):
        return [expanded(value, known, file)]
    only(value, {"template", "parameters"}, file.name)
    path = file.parent / value["template"]
    document = parsed(path)
    given = expanded(value.get("parameters", {}), known, file)
    own = {"parameters": parameters(document.get("parameters", []), given, path.name)}
    kind = next((each for each in KINDS if each in document), "")
    only(document, {"parameters", kind}, path.name)
    return expanded(document[kind], {**own, "variables": known["variables"]}, path)


def parameters(asked: list[dict[str, Any]], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a caller gives, with the defaults. Raises NotUnderstood for one that is missing, unknown or no boolean."""
    only(given, [each["name"] for each in asked], where)
    found = dict[str, Any]()
    for each in asked:
        name = each["name"]
        only(each, {"name", "displayName", "type", "default", "values"}, f"{where}, parameter {name}")
        if name not in given and "default" not in each:
            raise NotUnderstood(f"{where}: the parameter `{name}` is required.")
        value = given.get(name, each.get("default"))
        if "values" in each and value not in each["values"]:
            raise NotUnderstood(f"{where}: the parameter `{name}` is one of {', '.join(map(text, each['values']))}.")
        if each.get("type") == "boolean":
            if text(value).lower() not in ("true", "false"):
                raise NotUnderstood(f"{where}: the parameter `{name}` is true or false, not {value!r}.")
            value = text(value).lower() == "true"
        found[name] = value
    return found
