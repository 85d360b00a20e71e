"""What a file asks for and this machine does without, in sentences, once each."""

from collections.abc import Iterator

from mlops.specs.drafts import Draft
from mlops.specs.expressions import BLOCK
from mlops.specs.fields import TABLE

SETTINGS: dict[str, str] = TABLE["ignored"]


def sentences(job: Draft) -> tuple[str, ...]:
    """For a job and all its nodes."""
    nodes, files = list(job.walk()), [job.item.get("settings")]
    for node in nodes:
        files += [node.item, node.component.item, node.component.task, node.item.get("sampling_algorithm")]
    said = [SETTINGS[key] for key in SETTINGS for item in files if item is not None and item.get(key)]
    said += [sentence for node in nodes for sentence in _of_node(node)]
    return tuple(dict.fromkeys(said))


def _of_node(node: Draft) -> Iterator[str]:
    component, outputs = node.component, node.item.section("outputs")
    if any(output.get("path") and not node.outputs[name].target for name, output in outputs.items()):
        yield SETTINGS["default_datastore"]
    if component.inputs is not None:
        for given in node.item.section("inputs"):
            if given not in component.inputs:
                yield f"input {given} of {node.name}: {component.name} does not declare it, so it is left out."
        if component.item.get("environment_variables"):
            yield f"environment_variables of {component.name}: Azure ML drops them; set them on the node."
    if any("${{" not in block[1] for text in component.texts for block in BLOCK.finditer(str(text.value))):
        yield f"$[[ ]] without an expression in the command of {component.name}: its text is kept as it is."
