"""The limits of a gate: typed by the gate, set in `mlops.yaml` with a reason."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mlops.errors import Misuse
from mlops.settings import Section
from mlops.specs.load import meant


class Limits(Section):
    """What each gate's own `Limits` starts from. Every field has a default: a gate that nobody mentions is on."""

    reason: str = ""
    """Why the limits are what they are."""


def parse(gate: str, model: type[Limits], given: Mapping[str, Any]) -> Limits:
    """The limits of a gate as given in `mlops.yaml`. Raises Misuse with every mistake in them."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Misuse("\n".join(_complaint(gate, model, problem) for problem in error.errors())) from None


def _complaint(gate: str, model: type[Limits], problem: Any) -> str:
    *_, key = names = [str(part) for part in problem["loc"]] or [""]
    name = ".".join(["gates", gate, *names]).rstrip(".")
    if problem["type"] == "extra_forbidden":
        return f"mlops.yaml: `{name}` is no limit of this gate: {meant(key, model.model_fields)}"
    if problem["type"] == "value_error":
        return f"mlops.yaml: `{name}`: {problem['ctx']['error']}."
    return f"mlops.yaml: `{name}` is {problem['input']!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}."
