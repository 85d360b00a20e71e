"""Every mistake in the settings and specs of a project, in one pass over all of them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs import bind, components, fields, schedules
from mlops.specs.assets import Project, Stored, yaml_files
from mlops.specs.collect import attempt, collected, refuse
from mlops.specs.drafts import Draft
from mlops.specs.inputs import UNKNOWN, Sources
from mlops.specs.lint import endpoints, environments, graph
from mlops.specs.lint import settings as of_settings
from mlops.specs.load import Elsewhere, Item, read
from mlops.specs.types import Place


def lint(
    paths: Iterable[Path], project: Path, on: str = "local", stored: Stored | None = None, today: date | None = None
) -> tuple[int, list[Misuse]]:
    """How many files these files and folders hold or refer to, and every mistake in them, in order of file and line.

    `on` is the environment where they are to run, `today` the day on which nothing may have ended. Of what is said of
    one name on one line only the first counts.
    """
    settings = of_settings.readable(project)
    with collected() as found:
        known = Project(project, settings.mapped(project) if settings else {}, stored)
        waiting = [file for path in paths for file in _files(path.absolute())]
        specs, used = dict[Path, Item](), set[Path]()
        for file in waiting:
            if file.name == "mlops.yaml":
                of_settings.check(file, on, today or date.today())
            elif file not in specs and (root := attempt(read, file)):
                specs[file] = root
                named = set(_referred(root, known))
                used |= named
                waiting += sorted(named)
        kinds = {file: fields.kind_of(root, file in used) for file, root in specs.items()}
        for file, kind in kinds.items():
            _check_alone(specs[file], kind, on)
        for file, kind in kinds.items():
            if kind.endswith(("job", "component")):
                attempt(_check_job if kind.endswith("job") else _check_component, file, known)
            elif kind.endswith(("endpoint", "deployment")):
                endpoints.check(specs[file], kind, settings)
            elif kind == "schedule":
                attempt(_check_schedule, specs[file])
    mistakes: dict[tuple[str, int, str], Misuse] = {}
    for error in found:
        if on == "local" or not isinstance(error, Elsewhere):
            file, line = Path(error.file or project).absolute(), error.line or 1
            about = next(iter(re.findall(r"`[^`]+`", error.what)), error.what)
            mistakes.setdefault((str(file), line, about), type(error)(error.what, file, line))
    return len(set(waiting)), [mistakes[place] for place in sorted(mistakes)]


def _check_alone(root: Item, kind: str, on: str) -> None:
    """Refuse what is wrong with a document by itself."""
    environments.check(root, kind, on)
    if kind:
        fields.check(root, kind)
    if kind == "data asset" and (path := root.get("path")):
        environments.check_path(path, "path")
    if kind.endswith("job") and on != "local":
        attempt(_check_compute, root, on)


def _check_job(file: Path, project: Project) -> None:
    job = bind.draft(file, project)
    attempt(bind.bound, job, Sources({}, {}, project))
    graph.check(job)


def _check_schedule(root: Item) -> None:
    """Refuse times that never come, and what is no job of a pipeline."""
    job = schedules.of_file(root).job
    if (kind := fields.kind_of(read(job), False)) != "pipeline job":
        what = f"{job.name} is a {kind or 'file of another kind'}, and a schedule runs a pipeline job. Correct it."
        raise (root.get("create_job") or root).wrong(what)


def _check_component(file: Path, project: Project) -> None:
    """Refuse what binding refuses in a component, whether or not a job refers to it."""
    place = Place(file, 1)
    node = Item({"component": Item(file.name, place)}, place)
    draft, sources = Draft(node, file.stem, project), Sources({}, {}, project)
    given = dict.fromkeys(draft.required, UNKNOWN) | sources.given(draft, f"{draft.name}.", {})
    attempt(bind.nodes, draft, given, {}, sources)
    graph.check(draft)


def _check_compute(root: Item, on: str) -> None:
    """Refuse a job, or nodes of one, without a compute."""
    settings, nodes = root.get("settings"), root.section("jobs").values()
    if root.get("compute") or (settings and settings.get("default_compute")):
        return
    without = [node for node in nodes if node.get("compute") is None and node.text("type") != "pipeline"]
    for item in [root] if len(without) == len(nodes) else without:
        remedy = "settings.default_compute" if nodes else "compute"
        refuse(item.wrong(f"there is no compute for {on}. Set `{remedy}` to `azureml:NAME` or `serverless`."))


def _referred(root: Item, project: Project) -> Iterator[Path]:
    """The files of components that the nodes of a document refer to."""
    with suppress(Misuse):
        for node in (root, *root.section("jobs").values()):
            with suppress(Misuse):
                file = components.referred(node, project).place.file.absolute()
                if file != root.place.file:
                    yield file


def _files(path: Path) -> Iterable[Path]:
    return yaml_files(path) if path.is_dir() else [path]
