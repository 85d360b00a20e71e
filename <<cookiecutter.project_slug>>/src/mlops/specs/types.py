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
    """A file or folder of this machine that goes into a node; `source` is how the file named it.

    `version` is the `NAME:VERSION` that its bytes are said to be, where the file or the asset that it names says one.
    """

    path: Path
    type: str
    source: str
    version: str = ""


@dataclass(frozen=True)
class FromNode:
    """What another node of the same job writes."""

    node: str
    output: str
    type: str


Value = Literal | Asset | FromNode


@dataclass(frozen=True)
class Parallel:
    """How a node goes through its data in mini batches: `init()` once per worker, then `run(mini_batch)`.

    `data` names the inputs whose files are split: `batch_files` a batch, or tables into parts of `batch_bytes`, or one
    batch per value of `partition_keys`. A mini batch is tried `retries` times more, for `timeout` seconds each.
    `error_threshold` is how many failed items (files, or rows of a table), `mini_batch_error_threshold` how many failed
    mini batches are accepted; -1 accepts all. `append_row_to` names the output (as written, `${{outputs.x}}`) that
    collects what `run` returns.
    """

    data: tuple[str, ...]
    entry_script: str
    arguments: str = ""
    batch_files: int | None = None
    batch_bytes: int | None = None
    partition_keys: tuple[str, ...] = ()
    workers: int = 1
    retries: int = 2
    timeout: float = 60.0
    error_threshold: int = -1
    mini_batch_error_threshold: int = -1
    append_row_to: str | None = None


@dataclass(frozen=True)
class Distribution:
    """What a sweep may choose a value from: `kind` is Azure ML's name for it, `arguments` are its own keys."""

    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """Trials of the node's command with inputs drawn from `space`; the best trial's outputs are the node's outputs.

    The node's `inputs` lack what is drawn; its `command` names it as `${{inputs.x}}`, wherever the file wrote
    `${{search_space.x}}`. Arguments of a distribution are numbers, those of `choice` also texts and truth values.
    `timeout` bounds the whole sweep, `trial_timeout` one trial, in seconds.
    """

    algorithm: str
    space: Mapping[str, Distribution]
    metric: str
    goal: str
    max_trials: int
    concurrent: int = 1
    seed: int | None = None
    timeout: float | None = None
    trial_timeout: float | None = None


@dataclass(frozen=True)
class Node:
    """One process to start. `command` still holds `${{inputs.x}}` and `${{outputs.y}}`; unset inputs are absent.

    `command` is empty for a parallel node. A node inside a pipeline component is named `outer.inner`. `includes` are
    files and folders that lie in the working directory beside the code, under their own names. `distributed` says that
    the job asks for processes that find each other by variables, of which one runs here.
    """

    name: str
    command: str
    code: Path | None
    environment: Any
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Port]
    place: Place
    variables: Mapping[str, str] = field(default_factory=dict)
    deterministic: bool = True
    timeout: float | None = None
    parallel: Parallel | None = None
    sweep: Sweep | None = None
    includes: tuple[Path, ...] = ()
    distributed: bool = False

    @property
    def source(self) -> tuple[Path | None, tuple[Path, ...]]:
        """All that its working directory is copied from."""
        return self.code, self.includes

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
