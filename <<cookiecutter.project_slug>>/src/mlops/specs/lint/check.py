"""Every mistake in the settings and specs of a project, in one pass over all of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops.errors import Misuse
from mlops.specs.assets import Project
from mlops.specs.bind import bind
from mlops.specs.drafts import of_node
from mlops.specs.lint import graph, promotion, structure
from mlops.specs.lint.refusals import refusals
from mlops.specs.lint.settings import of_settings
from mlops.specs.load import Item, kept, read
from mlops.specs.types import Place
from mlops.specs.values import default

Where = Literal["local", "dev", "staging", "prod"]
HERE_ONLY = re.compile(r"not run locally|not on this machine|there is no `\w+` here\.")
"""What this machine cannot do and Azure ML can: a mistake only where jobs are to run locally."""
ABSENT = " does not exist. "


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong with a line of a file, and what to do; `malformed` if the file could not be read at all."""

    file: Path
    line: int
    what: str
    malformed: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def lint(paths: Iterable[Path], project: Path, on: Where = "local") -> tuple[int, list[Mistake]]:
    """How many files these files and folders hold or refer to, and every mistake in them, in order."""
    found: dict[tuple[Path, int, str], bool] = {}

    def add(errors: Iterable[Misuse], malformed: bool = False) -> None:
        for error in errors:
            key = (Path(error.file or project).absolute(), error.line or 1, error.what)
            known = ABSENT in error.what and any(each[:2] == key[:2] and ABSENT in each[2] for each in found)
            if not known and (on == "local" or not HERE_ONLY.search(error.what)):
                found[key] = found.get(key, False) or malformed

    with kept():
        documents: dict[Path, Item] = {}
        components: set[Path] = set()
        waiting = [file for path in paths for file in _files(path)]
        seen = set(waiting)
        for file in waiting:
            try:
                documents[file] = read(file)
            except Misuse as error:
                add([error], malformed=True)
                continue
            named = set(_components(documents[file], Project(project))) if file.name != "mlops.yaml" else set()
            components |= named
            waiting += sorted(named - seen)
            seen |= named
        for file, root in documents.items():
            if file.name == "mlops.yaml":
                add(of_settings(file))
            else:
                add(_of_spec(file, root, structure.kind_of(root, file in components), project, on))
    return len(seen), sorted(Mistake(*key, malformed) for key, malformed in found.items())


def _of_spec(file: Path, root: Item, kind: str | None, project: Path, on: Where) -> Iterator[Misuse]:
    yield from promotion.mistakes(root, kind or "", on)
    if kind is None:
        return
    yield from structure.mistakes(root, kind)
    if kind.startswith("pipeline"):
        yield from graph.of_pipeline(root, Project(project))
    else:
        yield from graph.of_command(root)
    if kind.endswith("job"):
        yield from refusals(lambda: bind(file, project=project))
    elif kind.endswith("component"):
        yield from refusals(lambda: _component(file, project))


def _component(file: Path, project: Path) -> None:
    """Refuse what binding refuses in a component, whether or not a job refers to it."""
    place = Place(file, 1)
    node = Item({"component": Item(file.name, place)}, place)
    component = of_node(node, file.stem, Project(project)).component
    for name, port in (component.inputs or {}).items():
        if port.default is not None:
            default(port, component.item.section("inputs")[name])


def _components(root: Item, project: Project) -> Iterator[Path]:
    """The files of components that the nodes of a document refer to."""
    jobs = root.get("jobs")
    nodes = jobs.value.values() if jobs and isinstance(jobs.value, dict) else ()
    for node in (root, *nodes):
        component = graph.component_of(node, project)
        if component is not None and component is not node and component.place.file != root.place.file:
            yield component.place.file.absolute()


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path.absolute()
        return
    for file in sorted(path.absolute().rglob("*.y*ml")):
        hidden = any(part.startswith((".", "__")) for part in file.relative_to(path.absolute()).parts)
        if file.suffix in (".yml", ".yaml") and not hidden:
            yield file
