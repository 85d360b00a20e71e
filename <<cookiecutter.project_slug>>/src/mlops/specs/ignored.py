"""What a file asks for and this machine does without, in sentences, once each."""

from collections.abc import Iterable, Iterator

from mlops.specs.components import Component
from mlops.specs.expressions import BLOCK
from mlops.specs.load import Item

SETTINGS = {
    "compute": "compute: everything runs on this machine.",
    "default_compute": "compute: everything runs on this machine.",
    "resources": "resources: each node is one process here.",
    "distribution": "distribution: each node is one process here.",
    "services": "services: none are opened here.",
    "identity": "identity: nodes run as you.",
    "environment": "environment: nodes run in this project's interpreter.",
    "default_datastore": "datastores: outputs stay in the run's own folder.",
    "force_rerun": "force_rerun: use `--fresh` to run everything again.",
}


def sentences(root: Item, nodes: Iterable[tuple[str, Item, Component]]) -> tuple[str, ...]:
    """For a job and its nodes (name, node, component)."""
    nodes = list(nodes)
    files = [root, root.get("settings"), *(item for _, node, component in nodes for item in (node, component.item))]
    said = [SETTINGS[key] for key in SETTINGS for item in files if item is not None and item.get(key)]
    said += [sentence for name, node, component in nodes for sentence in _of_node(name, node, component)]
    return tuple(dict.fromkeys(said))


def _of_node(name: str, node: Item, component: Component) -> Iterator[str]:
    if component.inputs is not None:
        for given in node.section("inputs"):
            if given not in component.inputs:
                yield f"input {given} of {name}: {component.name} does not declare it, so it is left out."
        if component.item.get("environment_variables"):
            yield f"environment_variables of {component.name}: Azure ML drops them; set them on the node."
    if any("${{" not in block[1] for block in BLOCK.finditer(component.command.value)):
        yield f"$[[ ]] without an expression in the command of {component.name}: its text is kept as it is."
