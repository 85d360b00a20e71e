"""Expressions in a command: `${{inputs.x}}`, `${{outputs.y}}`, and `$[[ ... ]]` blocks that an unset input removes."""

import re
from collections.abc import Collection, Iterator, Mapping

from mlops.errors import Misuse
from mlops.specs.load import meant

EXPRESSION = re.compile(r"\$\{\{\s*([^{}]*?)\s*\}\}")
SINGLE = re.compile(r"\$(?:\{outputs|\{?(?:parent|inputs))\.[\w.]+\}?")
"""What was probably meant as an expression: single braces, or none."""
BLOCK = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


def render(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command as bash gets it: plain substitution, nothing quoted, nothing substituted twice.

    A block with an input that is not in `inputs` goes. Raises Misuse for an expression that names nothing.
    """
    values = {f"inputs.{name}": text for name, text in inputs.items()}
    values |= {f"outputs.{name}": text for name, text in outputs.items()}
    template = without_unset_blocks(command, values)
    for _, what in unknowns(template, values):
        raise Misuse(what)
    return EXPRESSION.sub(lambda match: values[match[1]], template)


def without_unset_blocks(command: str, known: Collection[str]) -> str:
    """The command without the `$[[ ]]` blocks that have an input not among `known` (as in `inputs.x`)."""

    def opened(block: re.Match[str]) -> str:
        unset = [name for name in names(block[1]) if name.startswith("inputs.") and name not in known]
        return "" if unset else block[1]

    return BLOCK.sub(opened, command)


def unknowns(text: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each expression that is not among `known` (as in `inputs.x`): the expression and what to say about it."""
    for match in EXPRESSION.finditer(text):
        if match[1] not in known:
            yield match[0], f"`{match[0]}` names nothing here: {meant(match[1], known)}"
    if "${{" in EXPRESSION.sub("", text):
        yield "${{", "an expression that starts with `${{` does not end with `}}`. Add them."
    for match in SINGLE.finditer(text):
        yield match[0], f"`{match[0]}` is no expression: write `${{{{{match[0].strip('${}')}}}}}`."


def names(text: str) -> Iterator[str]:
    """What the expressions of a text name, as in `inputs.rows`."""
    return (match[1] for match in EXPRESSION.finditer(text))


def whole(text: str) -> str | None:
    """What a text names that is one expression and nothing else."""
    match = EXPRESSION.fullmatch(text.strip())
    return None if match is None else match[1]
