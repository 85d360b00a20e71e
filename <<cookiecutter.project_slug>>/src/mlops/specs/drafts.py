"""The nodes of a job and of the pipelines inside it, before anything is bound."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from mlops.specs.assets import Project
from mlops.specs.collect import attempt, every, refuse
from mlops.specs.components import Component
from mlops.specs.expressions import unknowns, whole, without_unset_blocks
from mlops.specs.load import Item, meant
from mlops.specs.types import FromNode, Place, Port

NODE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""What Azure ML takes for a node; here it also names folders."""
PORT_NAME = re.compile(r"[^\s/.][^\s/]*")
IN_PATHS = ("default_datastore", "name")


@dataclass(frozen=True)
class Output:
    """What a node writes; `target` is the name of the job's output that this one is bound to."""

    port: Port
    target: str | None


class Draft:
    """A node, or the job itself, whose component and outputs are known, with all that is inside it.

    `inner` are the nodes of a pipeline; `refused` are those of them that are left out, where refusals are collected.
    """

    def __init__(self, item: Item, name: str, project: Project, around: Draft | None = None) -> None:
        """`around` is the pipeline that it is a node of.

        Raises Misuse for a pipeline without nodes, without a file of its own inside another, or inside itself.
        """
        self.name, self.item, self.component = name, item, Component(item, name, project)
        self.above: tuple[Place, ...] = (*around.above, around.component.item.place) if around else ()
        pipeline = self.component.item
        for each in (item, pipeline):
            attempt(_check_names, each)
        tried: dict[str, Draft | None] = {}
        if self.component.kind == "pipeline":
            if pipeline.place in self.above:
                raise item.wrong(f"`{name}` is a pipeline inside itself. Name another component.")
            if around and self.component.inputs is None:
                what = f"`{name}` is a pipeline inside another. Write it in a file, and name it as `component:`."
                raise item.wrong(what)
            if not pipeline.section("jobs"):
                raise pipeline.wrong("there are no nodes under `jobs:`. List them there.")
            prefix = f"{name}." if around else ""
            for key, node in pipeline.section("jobs").items():
                if not NODE_NAME.fullmatch(key):
                    refuse(node.wrong(f"a node's name is of a-z, 0-9 and _, no digit first; `{key}` is not."))
                tried[key] = attempt(Draft, node, prefix + key, project, self)
        self.inner = {key: draft for key, draft in tried.items() if draft}
        self.refused = tuple(tried.keys() - self.inner.keys())
        self.outputs = _outputs(item, self.component, around.component.item.section("outputs") if around else {})

    @cached_property
    def settings(self) -> Item:
        """What the node says, else its component."""
        given = {key: item for key, item in self.item.value.items() if item.value is not None}
        return Item(self.component.item.value | given, self.item.place)

    @cached_property
    def inputs(self) -> Mapping[str, Item]:
        """What says each input: the node, else its component. What the component does not declare is left out."""
        given, declared = self.item.section("inputs"), self.component.item.section("inputs")
        return given if self.component.inputs is None else {name: given.get(name, declared[name]) for name in declared}

    @cached_property
    def drawn(self) -> Mapping[str, Item]:
        """The inputs that a sweep draws, as its search space says them."""
        return self.item.section("search_space") if self.component.kind == "sweep" else {}

    @property
    def required(self) -> list[str]:
        """The inputs that must have a value."""
        ports = self.component.inputs or {}
        return [name for name in self.inputs if name not in self.drawn and not (name in ports and ports[name].optional)]

    def leaves_open(self, name: str) -> bool:
        """Whether the component has an optional input of that name, and the node says nothing of it."""
        port = (self.component.inputs or {}).get(name)
        return port is not None and port.optional and name not in self.item.section("inputs")

    @cached_property
    def written(self) -> Mapping[str, FromNode]:
        """Which node really writes each output. Raises Misuse when two nodes of a pipeline write one, or none does."""
        if self.component.kind != "pipeline":
            return {name: FromNode(self.name, name, output.port.type) for name, output in self.outputs.items()}
        found: dict[str, FromNode] = {}
        for draft in self.inner.values():
            for name, output in draft.outputs.items():
                if output.target in found:
                    what = f"output `{output.target}` is already written by `{found[output.target].node}`."
                    raise draft.item.section("outputs")[name].wrong(f"{what} Declare a second one.")
                if output.target:
                    found[output.target] = draft.written[name]
        for name in self.component.outputs.keys() - found.keys():
            what = f"no node writes output `{name}`. Bind one to `${{{{parent.outputs.{name}}}}}`."
            if not self.refused:
                raise self.component.item.section("outputs")[name].wrong(what)
            found[name] = FromNode(self.name, name, self.outputs[name].port.type)
        return found

    def check_texts(self, bound: Collection[str]) -> None:
        """Raises Misuse when a text names what is not declared, or what may stay unset outside a `$[[ ]]` block."""
        always = [f"outputs.{name}" for name in self.outputs]
        always += [f"{section}.{name}" for name in self.drawn for section in ("inputs", "search_space")]
        declared, set_ = ([*always, *(f"inputs.{name}" for name in names)] for names in (self.inputs, bound))
        for text in self.component.texts:
            for fragment, what in unknowns(str(text.value), declared):
                raise text.wrong(what, fragment)
            for fragment, _ in unknowns(without_unset_blocks(str(text.value), set_), set_):
                what = f"`{fragment}` has no value in node `{self.name}`. Write `$[[ ]]` around its part."
                raise text.wrong(what, fragment)

    def walk(self) -> Iterator[Draft]:
        """This node and every node inside it."""
        yield self
        for draft in self.inner.values():
            yield from draft.walk()


def _outputs(node: Item, component: Component, job_outputs: Mapping[str, Item]) -> dict[str, Output]:
    """Every output of a node. Its type: what the node says, else its component, else the job's output, else a folder.

    Raises Misuse for outputs that the component does not declare, and for bindings to what is no output of the job.
    """
    section = node.section("outputs")
    ports = {name: Port(name, "") for name in section} if component.inputs is None else component.outputs

    def output(name: str) -> Output:
        item = section.get(name)
        if name not in ports and item:
            raise item.wrong(f"component `{component.name}` has no output `{name}`: {meant(name, ports)}")
        target = _target(name, item, job_outputs) if item else None
        said = item.text("type") if item else None
        of_job = job_outputs[target].text("type") if target else None
        return Output(replace(ports[name], type=said or ports[name].type or of_job or "uri_folder"), target)

    return every(output, [*ports, *section])


def _target(name: str, item: Item, job_outputs: Mapping[str, Item]) -> str | None:
    text = item.value if isinstance(item.value, str) else item.text("path")
    reference = whole(text or "") or ""
    if not reference.startswith("parent."):
        if isinstance(item.value, str):
            raise item.wrong(f"output `{name}` must be bound as `${{{{parent.outputs.NAME}}}}`, not to `{text}`.")
        for fragment, what in unknowns(text or "", IN_PATHS):
            raise item.wrong(what, fragment)
        return None
    known = {f"parent.outputs.{output}": output for output in job_outputs}
    if reference not in known:
        raise item.wrong(f"`{text}` is no output of this pipeline: {meant(reference, known)}")
    return known[reference]


def _check_names(item: Item) -> None:
    """Raises Misuse for names of inputs and outputs that cannot be those of files."""
    for section in ("inputs", "outputs"):
        for name, each in item.section(section).items():
            if not PORT_NAME.fullmatch(name):
                raise each.wrong(f"`{name}` cannot be a name in `{section}`: use letters, digits and _.")
