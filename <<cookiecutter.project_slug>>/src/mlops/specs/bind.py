"""From a job file to a job whose every reference is resolved, or an error with its line before anything starts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs import components, ignored, outputs
from mlops.specs.assets import Project
from mlops.specs.components import Component
from mlops.specs.expressions import unknowns, whole, without_unset_blocks
from mlops.specs.inputs import Scope, Sources, substituted
from mlops.specs.load import Item, meant, read
from mlops.specs.outputs import Output
from mlops.specs.types import FromNode, Job, Node, Port, Value
from mlops.specs.values import FILES


@dataclass(frozen=True)
class Draft:
    """A node whose component and outputs are known, and whose inputs are not bound yet."""

    name: str
    item: Item
    component: Component
    outputs: Mapping[str, Output]


def bind(
    file: Path,
    *,
    overrides: Mapping[str, str] | None = None,
    inputs: Mapping[str, Path] | None = None,
    project: Path | None = None,
) -> Job:
    """Resolve a command or pipeline job.

    `overrides` are literal inputs by name, as typed; `inputs` are local files and folders by input name (`NODE.NAME`
    for one that a node names); `azureml:` names are looked up in `project`. Raises Misuse, with file and line.
    """
    root = read(file)
    pipeline = (root.text("type") or "").lower() == "pipeline"
    sources = Sources(overrides or {}, inputs or {}, Project(project))
    drafts = _drafts(root, file.stem, pipeline, sources.project)
    section = root.section("inputs")
    by_node = [f"{draft.name}.{name}" for draft in drafts for name in draft.item.section("inputs") if pipeline]
    for option, names, known in (("set", sources.overrides, section), ("input", sources.local, [*section, *by_node])):
        for name in names:
            if name not in known:
                raise Misuse(f"`--{option} {name}`: this job has no input of that name: {meant(name, known)}", file)
    given = sources.of_job(section, _consumers(drafts))
    scope = _scope(given, drafts)
    nodes = [
        _node(each, sources.of_node(each.item, each.name, each.component, scope) if pipeline else given, scope)
        for each in drafts
    ]
    settings = root.get("settings")
    return Job(
        name=root.text("display_name") or root.text("name") or file.stem,
        file=file.absolute(),
        experiment=root.text("experiment_name") or file.stem,
        description=root.text("description") or "",
        inputs=given,
        nodes=_ordered(nodes),
        outputs=_job_outputs(drafts, pipeline),
        tags={name: str(item.plain()) for name, item in root.section("tags").items()},
        ignored=ignored.sentences(root, [(draft.name, draft.item, draft.component) for draft in drafts]),
        continue_on_step_failure=bool(settings and settings.flag("continue_on_step_failure")),
    )


def _drafts(root: Item, stem: str, pipeline: bool, project: Project) -> list[Draft]:
    if "omponent.schema" in (root.text("$schema") or ""):
        raise root.wrong("is a component, not a job. Refer to it from a job.")
    jobs = root.section("jobs")
    if pipeline and not jobs:
        what = "a pipeline without nodes under `jobs:` is not run locally. List its nodes there."
        raise (root.get("component") or root).wrong(what)
    if jobs and not pipeline:
        raise root.wrong("has `jobs:` but no `type: pipeline`. Add it: Azure ML would take this for a command job.")
    found = []
    for name, item in jobs.items() if pipeline else [(stem, root)]:
        component = components.of_node(item, name, project)
        job_outputs = root.section("outputs") if pipeline else {}
        found.append(Draft(name, item, component, outputs.of_node(item, component, job_outputs)))
    return found


def _consumers(drafts: Iterable[Draft]) -> dict[str, Port]:
    """For each input of the pipeline the literal input of a component that takes it as it is."""
    found: dict[str, Port] = {}
    for draft in drafts:
        for name, port in (draft.component.inputs or {}).items():
            item = draft.item.section("inputs").get(name)
            reference = whole(str(item.value)) if item else None
            if reference and port.type not in FILES:
                found.setdefault(reference.removeprefix("parent.inputs."), port)
    return found


def _scope(given: Mapping[str, Value], drafts: Iterable[Draft]) -> Scope:
    """What the expressions of a pipeline's nodes may name."""
    written = {
        f"parent.jobs.{draft.name}.outputs.{name}": FromNode(draft.name, name, output.port.type)
        for draft in drafts
        for name, output in draft.outputs.items()
    }
    return {f"parent.inputs.{name}": value for name, value in given.items()} | written


def _node(draft: Draft, inputs: Mapping[str, Value], scope: Scope) -> Node:
    component, item = draft.component, draft.item
    _check_command(draft, inputs)
    limits = item.get("limits") or component.item.get("limits")
    timeout = limits.get("timeout") if limits else None
    if timeout and type(timeout.value) not in (int, float):
        raise timeout.wrong("`timeout` must be a number of seconds.")
    return Node(
        name=draft.name,
        component=component.name,
        command=component.command.value,
        code=component.code,
        environment=component.environment,
        inputs=inputs,
        outputs={name: output.port for name, output in draft.outputs.items()},
        place=item.place,
        variables={name: substituted(value, scope) for name, value in item.section("environment_variables").items()},
        deterministic=component.item.flag("is_deterministic", default=True),
        timeout=timeout.value if timeout else None,
    )


def _check_command(draft: Draft, inputs: Mapping[str, Value]) -> None:
    """Raises Misuse when the command names what is not declared, or what may stay unset outside a `$[[ ]]` block."""
    command, outputs_ = draft.component.command, [f"outputs.{name}" for name in draft.outputs]
    declared = draft.component.inputs if draft.component.inputs is not None else inputs
    for fragment, what in unknowns(command.value, [*(f"inputs.{name}" for name in declared), *outputs_]):
        raise command.wrong(what, fragment)
    known = [*(f"inputs.{name}" for name in inputs), *outputs_]
    for fragment, _ in unknowns(without_unset_blocks(command.value, known), known):
        raise command.wrong(
            f"`{fragment}` has no value in node `{draft.name}`. Write `$[[ ]]` around its part.", fragment
        )


def _ordered(nodes: Iterable[Node]) -> tuple[Node, ...]:
    by_name = {node.name: node for node in nodes}
    try:
        return tuple(by_name[name] for name in TopologicalSorter({n: by_name[n].needs for n in by_name}).static_order())
    except CycleError as error:
        circle = error.args[1]
        way = " → ".join(f"`{name}`" for name in circle)
        place = by_name[circle[0]].place
        raise Misuse(f"these nodes wait for each other: {way}. Unbind one.", place.file, place.line) from error


def _job_outputs(drafts: Iterable[Draft], pipeline: bool) -> dict[str, FromNode]:
    found: dict[str, FromNode] = {}
    for draft in drafts:
        for name, output in draft.outputs.items():
            target = output.target if pipeline else name
            if target in found:
                other = found[target]
                what = f"output `{target}` is already written by `{other.node}`. Declare a second one."
                raise draft.item.section("outputs")[name].wrong(what)
            if target:
                found[target] = FromNode(draft.name, name, output.port.type)
    return found
