"""Components: files that are referred to, or nodes that say inline what they run."""

import json
import re
from importlib.util import find_spec
from typing import Any

from mlops.errors import Misuse
from mlops.specs.assets import Project, existing
from mlops.specs.fields import RUN, TABLE
from mlops.specs.load import Elsewhere, Item, meant, read
from mlops.specs.values import FILES, TYPES, ports

SUBMIT = "submit this file to Azure ML."
INSTEAD: dict[str, str] = TABLE["elsewhere"]
CURATED = re.compile(r"azureml:(?://registries/azureml/environments/|AzureML-)(?P<name>[^/:@]+)")


class Component:
    """What a node runs. `inputs` is None where none are declared: an inline node has the inputs it is given.

    `kind` is command, parallel, pipeline or sweep. `item` is its mapping, the trial of a sweep; `task` is the mapping
    with code and environment, and `texts` are its texts with expressions, the command first.
    """

    def __init__(self, node: Item, name: str, project: Project) -> None:
        """Raises Misuse when the component of a node or job is not found, or is of a kind that is not run here."""
        reference, item = node.get("component") or node.get("trial"), referred(node, project)
        self.item, self.kind = item, _kind(node, item, name)
        self.name = (item.text("name") if reference else None) or name
        self.task = (node.get("task") or item.get("task") or item) if self.kind == "parallel" else item
        self.texts = _texts(self.kind, node, item, self.task)
        code, environment = self.task.get("code"), self.task.get("environment")
        self.code = existing(code, "code", "Name a folder beside this file.").absolute() if code else None
        includes = item.take("additional_includes", list) or ()
        self.includes = tuple(existing(each, "an include", "Correct the path.").absolute() for each in includes)
        self.environment = _environment(environment) if environment else None
        declares = reference is not None and (self.kind != "sweep" or item is not reference or "inputs" in item.value)
        self.inputs = ports(item, "inputs", TYPES) if declares else None
        self.outputs = ports(item, "outputs", FILES) if declares else {}


def referred(node: Item, project: Project) -> Item:
    """The mapping of a node's component, or the node itself where it names none. Raises Misuse when it is not there."""
    reference = node.get("component") or node.get("trial")
    if reference is None or isinstance(reference.value, dict):
        return reference or node
    if found := project.find(reference, "component"):
        return found
    return read(existing(reference, "component", f"Name the file of a component in this project, or {SUBMIT}"))


def _kind(node: Item, item: Item, name: str) -> str:
    otherwise = "pipeline" if item.get("jobs") else "flow" if "/Flow." in (item.text("$schema") or "") else "command"
    own = (item.text("type") or otherwise).lower()
    kind = (node.text("type") or ("sweep" if node.get("trial") else own)).lower()
    for said, each in ((kind, node), (own, item)):
        if said not in RUN:
            raise _refused(each, name, said)
    if item is not node and own != ("command" if kind == "sweep" else kind):
        raise node.wrong(f"`{name}` is of type `{kind}`, its component of type `{own}`. Make them the same.")
    return kind


def _texts(kind: str, node: Item, item: Item, task: Item) -> tuple[Item, ...]:
    if kind == "pipeline":
        return ()
    key = "entry_script" if kind == "parallel" else "command"
    first = task.get(key)
    if first is None or not isinstance(first.value, str) or not first.value.strip():
        raise (first or task).wrong(f"there is no `{key}:` here. Say what is to be run.")
    data = node.get("input_data") or item.get("input_data")
    others = [task.get("program_arguments"), task.get("append_row_to"), data] if kind == "parallel" else []
    return (first, *(each for each in others if each))


def _refused(item: Item, name: str, kind: str) -> Misuse:
    """The error about a node or job of a kind that is not run here."""
    at = item.get("type") or item
    if kind not in INSTEAD:
        return at.wrong(f"`{name}` cannot be of type `{kind}`: {meant(kind, (*RUN, *INSTEAD))}")
    remedy = f"{INSTEAD[kind]}{SUBMIT}"
    what = f"`{name}` is of type `{kind}`, which is not run locally. {remedy[0].upper()}{remedy[1:]}"
    return at.wrong(what, kind=Elsewhere)


def _environment(item: Item) -> Any:
    """What an environment is, as JSON holds it; a file is read.

    Raises Misuse for a curated one whose name is that of a framework that is not installed here.
    """
    curated = CURATED.match(str(item.value))
    for word, module in TABLE["frameworks"].items():
        if curated and word in curated["name"].lower() and find_spec(module) is None:
            what = f"the environment `{curated['name']}` has `{module}`, which is not on this machine."
            remedy = f"Install it into this project's environment, or {SUBMIT}"
            raise item.wrong(f"{what} {remedy}", kind=Elsewhere)
    if str(item.value).startswith("file:"):
        item = read(existing(item, "environment", "Correct the path."))
    return json.loads(json.dumps(item.plain(), default=str))
