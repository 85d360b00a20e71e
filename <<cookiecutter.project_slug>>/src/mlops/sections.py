"""A part of a YAML document as a type of pydantic's: each mistake in it is a sentence at its line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops.errors import Misuse
from mlops.specs.collect import together
from mlops.specs.load import Item, meant, read

Known = TypeVar("Known", bound=BaseModel)
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
MUST: dict[str, str] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))


class Section(BaseModel):
    """A part of a document. A key that it does not know is an error, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Document(Section):
    """A whole file, which knows at what line each thing stands."""

    _document: Item

    @classmethod
    def load(cls, file: Path) -> Self:
        """Raises Misuse with every mistake at its line."""
        document = read(file)
        found = validated(cls, document.plain(), document)
        found._document = document
        return found


def validated(model: type[Known], value: Any, document: Item, *section: str) -> Known:
    """A section of a document as its type. Raises Misuse with every mistake at its line."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise together([complaint(model, document, section, problem) for problem in error.errors()]) from None


def complaint(model: type[BaseModel], document: Item, section: tuple[str, ...], problem: Any) -> Misuse:
    """A pydantic error as a sentence at the line of the nearest key that is in the file."""
    inner = [str(key) for key in problem["loc"]]
    keys = [*section, *inner]
    name = ".".join(keys) or "the file"
    match problem["type"]:
        case "missing":
            what = f"`{name}` is missing; add it."
        case "extra_forbidden":
            what = f"`{name}` is not a setting: {meant(keys[-1], fields(model, inner[:-1]))}"
        case "value_error":
            what = f"`{name}`: {problem['ctx']['error']}."
        case "model_type" | "dict_type":
            known = ", ".join(f"`{field}`" for field in fields(model, inner)) or "names with values, as `name: value`"
            what = f"`{name}` should hold settings: {known}."
        case "string_pattern_mismatch":
            what = f"`{name}` cannot be {problem['input']!r}. {described(model, inner)['description']}"
        case kind if kind in MUST:
            what = f"`{name}` must be {MUST[kind].format(**problem.get('ctx', {}))}, not {problem['input']!r}."
        case _:
            what = f"`{name}` is {problem['input']!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}."
    return nearest(document, keys).wrong(what)


def nearest(item: Item, keys: Sequence[str]) -> Item:
    """What a path of keys leads to, or as far as it leads."""
    for key in keys:
        if not isinstance(item.value, dict) or key not in item.value:
            break
        item = item.value[key]
    return item


def fields(model: type[BaseModel], keys: list[str]) -> list[str]:
    """Names of the settings under a path of keys."""
    return list(described(model, keys).get("properties", {}))


def described(model: type[BaseModel], keys: list[str]) -> dict[str, Any]:
    """The JSON schema of what a path of keys leads to."""
    whole = model.model_json_schema(by_alias=True)
    node = whole
    for key in keys:
        node = node.get("properties", {}).get(key) or node.get("additionalProperties") or {}
        reference = next((option["$ref"] for option in (node, *node.get("anyOf", ())) if "$ref" in option), None)
        node = whole["$defs"][reference.rpartition("/")[2]] if reference else node
    return node
