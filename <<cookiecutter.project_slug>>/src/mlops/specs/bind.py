"""From a job file to a job whose every reference is resolved, or an error with its line before anything starts."""

import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs import ignored, parallel, sweep
from mlops.specs.assets import Project, Stored
from mlops.specs.collect import attempt
from mlops.specs.drafts import Draft
from mlops.specs.expressions import names
from mlops.specs.inputs import UNKNOWN, Scope, Sources, count, from_path, substituted
from mlops.specs.load import meant, read
from mlops.specs.types import Job, Node, Value

CHAMPION = "champion"
SEARCHED = re.compile(r"\$\{\{\s*search_space\.")


def bind(
    file: Path,
    *,
    overrides: Mapping[str, str] | None = None,
    inputs: Mapping[str, Path] | None = None,
    project: Path | None = None,
    mapped: Mapping[str, Path] | None = None,
    stored: Stored | None = None,
    champion: Path | None = None,
    remote: bool = False,
) -> Job:
    """Resolve a command, pipeline or sweep job; the nodes of pipelines inside it become nodes `outer.inner`.

    `overrides` are literal inputs by name, as typed; `inputs` are local files and folders by input name (`NODE.NAME`
    for one of a node); `azureml:` names are looked up in `project`, versions of data first where they are `stored`, and
    `mapped` says which folder holds what lies under the start of a URI. `champion`, the model in service, goes into
    each node that has an optional input of that name and gives it no value. With `remote` the job is for Azure ML, and
    URIs are its to read. Raises Misuse, with file and line.
    """
    place = Project(project, mapped or {}, stored, remote)
    job = draft(file, place)
    inner = [each for each in job.walk() if each is not job]
    served = {f"{each.name}.{CHAMPION}": champion for each in inner if champion and each.leaves_open(CHAMPION)}
    sources = Sources(overrides or {}, served | dict(inputs or {}), place)
    known = {**job.inputs} | {f"{each.name}.{name}": item for each in inner for name, item in each.inputs.items()}
    paths = [name for name, item in known.items() if from_path(item)]
    literals = [name for name, item in job.inputs.items() if item.value is None or not from_path(item)]
    for option, given, names_, offered in (("set", overrides, job.inputs, literals), ("input", inputs, known, paths)):
        for name in given or ():
            if name not in names_:
                raise Misuse(f"`--{option} {name}`: this job has no such input: {meant(name, offered)}", file)
    return bound(job, sources)


def draft(file: Path, project: Project) -> Draft:
    """A job before anything is bound. Raises Misuse for what is no job, and for components that cannot be had."""
    root = read(file)
    kind = (root.text("type") or "").lower()
    if "omponent.schema" in (root.text("$schema") or ""):
        raise root.wrong("is a component, not a job. Refer to it from a job.")
    if root.get("jobs") and kind != "pipeline":
        raise root.wrong("has `jobs:` but no `type: pipeline`. Add it: Azure ML would take this for a command job.")
    if kind == "parallel":
        raise root.wrong("is a parallel job, and Azure ML runs those in pipelines only. Make it a node of one.")
    return Draft(root, file.stem, project)


def bound(job: Draft, sources: Sources) -> Job:
    """The job with the values that its sources give."""
    root, file = job.item, job.item.place.file
    given = sources.of_job(job)
    found = nodes(job, given, {}, sources)
    attempt(sources.check)
    settings = root.get("settings")
    return Job(
        name=root.text("display_name") or root.text("name") or file.stem,
        file=file.absolute(),
        experiment=root.text("experiment_name") or file.stem,
        description=root.text("description") or "",
        inputs=given,
        nodes=_ordered(found),
        outputs=job.written,
        tags={name: str(item.plain()) for name, item in root.section("tags").items()},
        ignored=ignored.sentences(job),
        continue_on_step_failure=bool(settings and settings.take("continue_on_step_failure", bool)),
    )


def nodes(draft: Draft, inputs: Mapping[str, Value], scope: Scope, sources: Sources) -> list[Node]:
    """The nodes that run for a draft whose inputs are bound; `scope` is what its own expressions may name."""
    if draft.component.kind != "pipeline":
        return [_node(draft, inputs, scope)]
    within: dict[str, Value | None] = {f"parent.inputs.{name}": inputs.get(name) for name in draft.inputs}
    for key, each in draft.inner.items():
        within |= {f"parent.jobs.{key}.outputs.{name}": value for name, value in each.written.items()}
    follows = tuple(f"parent.jobs.{key}.outputs." for key in draft.refused)
    within |= {name: UNKNOWN for name in names(str(draft.component.item.plain())) if name.startswith(follows)}

    def inside(each: Draft) -> list[Node]:
        return nodes(each, sources.of_node(each, within), within, sources)

    return [node for each in draft.inner.values() for node in attempt(inside, each) or ()]


def _node(draft: Draft, inputs: Mapping[str, Value], scope: Scope) -> Node:
    component, item = draft.component, draft.item
    kind, first = component.kind, component.texts[0].value
    draft.check_texts(inputs)
    inline = component.item if component.inputs is None else item
    variables = inline.section("environment_variables") | item.section("environment_variables")
    return Node(
        name=draft.name,
        command="" if kind == "parallel" else SEARCHED.sub("${{inputs.", first),
        code=component.code,
        environment=component.environment,
        inputs=inputs,
        outputs={name: output.port for name, output in draft.outputs.items()},
        place=item.place,
        variables={name: substituted(value, scope) for name, value in variables.items()},
        deterministic=component.item.take("is_deterministic", bool) is not False,
        timeout=None if kind == "sweep" else count(draft.settings.get("limits"), "timeout", scope, None),
        parallel=parallel.of_node(draft, inputs, scope) if kind == "parallel" else None,
        sweep=sweep.of_node(draft, inputs, scope) if kind == "sweep" else None,
        includes=component.includes,
        distributed=draft.settings.get("distribution") is not None,
    )


def _ordered(found: Iterable[Node]) -> tuple[Node, ...]:
    by_name = {node.name: node for node in found}
    try:
        order = TopologicalSorter({name: node.needs & by_name.keys() for name, node in by_name.items()}).static_order()
        return tuple(by_name[name] for name in order)
    except CycleError as error:
        circle = error.args[1]
        way = " → ".join(f"`{name}`" for name in circle)
        place = by_name[circle[0]].place
        raise Misuse(f"these nodes wait for each other: {way}. Unbind one.", place.file, place.line) from error
