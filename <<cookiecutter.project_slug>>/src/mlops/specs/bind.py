"""From a job file to a job whose every reference is resolved, or an error with its line before anything starts."""

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs import drafts, ignored, parallel, sweep
from mlops.specs.assets import Project
from mlops.specs.drafts import Draft
from mlops.specs.expressions import unknowns, without_unset_blocks
from mlops.specs.inputs import Scope, Sources, count, substituted
from mlops.specs.load import Item, meant, read
from mlops.specs.types import Job, Node, Value

SEARCHED = re.compile(r"\$\{\{\s*search_space\.")


def bind(
    file: Path,
    *,
    overrides: Mapping[str, str] | None = None,
    inputs: Mapping[str, Path] | None = None,
    project: Path | None = None,
    mapped: Mapping[str, Path] | None = None,
) -> Job:
    """Resolve a command, pipeline or sweep job; the nodes of pipelines inside it become nodes `outer.inner`.

    `overrides` are literal inputs by name, as typed; `inputs` are local files and folders by input name (`NODE.NAME`
    for one of a node); `azureml:` names are looked up in `project`, and `mapped` says which folder holds what lies
    under the start of a URI. Raises Misuse, with file and line.
    """
    root = read(file)
    _check_kind(root)
    sources = Sources(overrides or {}, inputs or {}, Project(project, mapped))
    job = drafts.of_node(root, file.stem, sources.project)
    inner = [draft for draft in job.walk() if draft is not job]
    by_node = [f"{draft.name}.{name}" for draft in inner for name in draft.inputs]
    for option, names, known in (("set", overrides, [*job.inputs]), ("input", inputs, [*job.inputs, *by_node])):
        for name in names or ():
            if name not in known:
                raise Misuse(f"`--{option} {name}`: this job has no input of that name: {meant(name, known)}", file)
    given = sources.of_job(job)
    nodes = _ordered(_nodes(job, given, {}, sources))
    sources.check()
    settings = root.get("settings")
    return Job(
        name=root.text("display_name") or root.text("name") or file.stem,
        file=file.absolute(),
        experiment=root.text("experiment_name") or file.stem,
        description=root.text("description") or "",
        inputs=given,
        nodes=nodes,
        outputs=job.written,
        tags={name: str(item.plain()) for name, item in root.section("tags").items()},
        ignored=ignored.sentences(root, job.walk()),
        continue_on_step_failure=bool(settings and settings.flag("continue_on_step_failure")),
    )


def _check_kind(root: Item) -> None:
    kind = (root.text("type") or "").lower()
    if "omponent.schema" in (root.text("$schema") or ""):
        raise root.wrong("is a component, not a job. Refer to it from a job.")
    if root.get("jobs") and kind != "pipeline":
        raise root.wrong("has `jobs:` but no `type: pipeline`. Add it: Azure ML would take this for a command job.")
    if kind == "parallel":
        raise root.wrong("is a parallel job, and Azure ML runs those in pipelines only. Make it a node of one.")


def _nodes(draft: Draft, inputs: Mapping[str, Value], scope: Scope, sources: Sources) -> Iterator[Node]:
    """The nodes that run for a draft whose inputs are bound; `scope` is what its own expressions may name."""
    if draft.component.kind != "pipeline":
        yield _node(draft, inputs, scope)
        return
    within: dict[str, Value | None] = {f"parent.inputs.{name}": inputs.get(name) for name in draft.inputs}
    for key, each in draft.inner.items():
        within |= {f"parent.jobs.{key}.outputs.{name}": value for name, value in each.written.items()}
    for each in draft.inner.values():
        yield from _nodes(each, sources.of_node(each, within), within, sources)


def _node(draft: Draft, inputs: Mapping[str, Value], scope: Scope) -> Node:
    component, item = draft.component, draft.item
    kind, first = component.kind, component.texts[0].value
    _check_texts(draft, inputs)
    inline = component.item if component.inputs is None else item
    variables = inline.section("environment_variables") | item.section("environment_variables")
    limits = item.get("limits") or component.item.get("limits")
    return Node(
        name=draft.name,
        component=component.name,
        command="" if kind == "parallel" else SEARCHED.sub("${{inputs.", first),
        code=component.code,
        environment=component.environment,
        inputs=inputs,
        outputs={name: output.port for name, output in draft.outputs.items()},
        place=item.place,
        variables={name: substituted(value, scope) for name, value in variables.items()},
        deterministic=component.item.flag("is_deterministic", default=True),
        timeout=None if kind == "sweep" else count(limits, "timeout", scope, None),
        parallel=parallel.of_node(draft, inputs, scope) if kind == "parallel" else None,
        sweep=sweep.of_node(draft, inputs, scope) if kind == "sweep" else None,
        includes=component.includes,
        distributed=bool(item.get("distribution") or component.item.get("distribution")),
    )


def _check_texts(draft: Draft, inputs: Mapping[str, Value]) -> None:
    """Raises Misuse when a text names what is not declared, or what may stay unset outside a `$[[ ]]` block."""
    always = [f"outputs.{name}" for name in draft.outputs]
    always += [f"{section}.{name}" for name in draft.drawn for section in ("inputs", "search_space")]
    declared, set_ = ([*always, *(f"inputs.{name}" for name in names)] for names in (draft.inputs, inputs))
    for text in draft.component.texts:
        for fragment, what in unknowns(str(text.value), declared):
            raise text.wrong(what, fragment)
        for fragment, _ in unknowns(without_unset_blocks(str(text.value), set_), set_):
            what = f"`{fragment}` has no value in node `{draft.name}`. Write `$[[ ]]` around its part."
            raise text.wrong(what, fragment)


def _ordered(nodes: Iterable[Node]) -> tuple[Node, ...]:
    by_name = {node.name: node for node in nodes}
    try:
        return tuple(by_name[name] for name in TopologicalSorter({n: by_name[n].needs for n in by_name}).static_order())
    except CycleError as error:
        circle = error.args[1]
        way = " → ".join(f"`{name}`" for name in circle)
        place = by_name[circle[0]].place
        raise Misuse(f"these nodes wait for each other: {way}. Unbind one.", place.file, place.line) from error
