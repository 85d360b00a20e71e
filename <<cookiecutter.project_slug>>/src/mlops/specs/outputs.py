"""What a node writes: the type of each output, and the job's output that it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlops.specs.collect import every
from mlops.specs.components import Component
from mlops.specs.expressions import unknowns, whole
from mlops.specs.load import Item, meant
from mlops.specs.types import Port

IN_PATHS = ("default_datastore", "name")


@dataclass(frozen=True)
class Output:
    """`target` is the name of the job's output that this one is bound to."""

    port: Port
    target: str | None


def of_node(node: Item, component: Component, job_outputs: Mapping[str, Item]) -> dict[str, Output]:
    """Every output of a node. Its type: what the node says, else its component, else the job's output, else a folder.

    Raises Misuse for outputs that the component does not declare, and for bindings to what is no output of the job.
    """
    section = node.section("outputs")
    if component.inputs is None:
        ports = {name: Port(name, "", item.place) for name, item in section.items()}
    else:
        ports = component.outputs

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
