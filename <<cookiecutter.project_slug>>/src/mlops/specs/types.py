"""A job once every reference in its files is resolved: what an executor takes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """A line of a file, for messages."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Port:
    """A declared input or output of a component or a job; `low`, `high` and `choices` limit a literal input."""

    name: str
    type: str
    place: Place
    optional: bool = False
    default: Any = None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Literal:
    """A number, truth value or text, as it is printed into a command."""

    text: str
    type: str


@dataclass(frozen=True)
class Asset:
    """A file or folder of this machine that goes into a node; `source` is how the file named it."""

    path: Path
    type: str
    source: str


@dataclass(frozen=True)
class FromNode:
    """What another node of the same job writes."""

    node: str
    output: str
    type: str


Value = Literal | Asset | FromNode


@dataclass(frozen=True)
class Node:
    """One process to start. `command` still holds `${{inputs.x}}` and `${{outputs.y}}`; unset inputs are absent."""

    name: str
    component: str
    command: str
    code: Path | None
    environment: Any
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Port]
    place: Place
    variables: Mapping[str, str] = field(default_factory=dict)
    deterministic: bool = True
    timeout: float | None = None

    @property
    def needs(self) -> frozenset[str]:
        """The nodes whose outputs this one reads."""
        return frozenset(value.node for value in self.inputs.values() if isinstance(value, FromNode))


@dataclass(frozen=True)
class Job:
    """A command job (one node) or a pipeline job, its nodes in an order in which they can run.

    `ignored` says in sentences what the file asks for and this machine does without.
    """

    name: str
    file: Path
    experiment: str
    description: str
    inputs: Mapping[str, Value]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, FromNode]
    tags: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    continue_on_step_failure: bool = False
