"""Every mistake in the settings and specs of a project, in one pass over all of them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops.errors import Misuse
from mlops.specs import bind, components, drafts, fields
from mlops.specs.assets import REMOTE, Project, Stored, existing
from mlops.specs.collect import attempt, collected, refuse
from mlops.specs.elsewhere import Elsewhere
from mlops.specs.inputs import UNKNOWN, Sources
from mlops.specs.lint import environments, graph
from mlops.specs.lint import settings as of_settings
from mlops.specs.load import Item, Malformed, kept, read
from mlops.specs.types import Place

Where = Literal["local", "dev", "staging", "prod"]


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong with a line of a file, and what to do; `malformed` if the file could not be read at all."""

    file: Path
    line: int
    what: str
    malformed: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def lint(
    paths: Iterable[Path], project: Path, on: Where = "local", stored: Stored | None = None
) -> tuple[int, list[Mistake]]:
    """How many files these files and folders hold or refer to, and every mistake in them, in order.

    Of what is said about one name on one line only the first counts.
    """
    with kept(), collected() as found:
        known = Project(project, of_settings.mapped(project), stored)
        waiting = [file for path in paths for file in _files(path)]
        used, documents = set[Path](), dict[Path, Item]()
        for file in waiting:
            if file not in documents and (root := attempt(read, file)):
                documents[file] = root
                if file.name != "mlops.yaml":
                    named = set(_referred(root, known))
                    used |= named
                    waiting += sorted(named)
        specs = {file: root for file, root in documents.items() if file.name != "mlops.yaml"}
        kinds = {file: fields.kind_of(root, file in used) for file, root in specs.items()}
        for file in documents.keys() - specs.keys():
            of_settings.check(file)
        for file, kind in kinds.items():
            _check_alone(specs[file], kind, on)
        for file, kind in kinds.items():
            if kind.endswith("job"):
                attempt(_check_job, file, known)
            elif kind.endswith("component"):
                attempt(_check_component, file, known)
    mistakes: dict[tuple[Path, int, str], Mistake] = {}
    for error in found:
        if on == "local" or not isinstance(error, Elsewhere):
            where, line = Path(error.file or project).absolute(), error.line or 1
            about = next(iter(re.findall(r"`[^`]+`", error.what)), error.what)
            mistakes.setdefault((where, line, about), Mistake(where, line, error.what, isinstance(error, Malformed)))
    return len(set(waiting)), sorted(mistakes.values())


def _check_alone(root: Item, kind: str, on: Where) -> None:
    """Refuse what is wrong with a document by itself."""
    environments.check(root, kind, on)
    if kind:
        fields.check(root, kind)
    if kind == "data asset" and (path := root.get("path")) and not REMOTE.match(str(path.value)):
        attempt(existing, path, "path", "Correct the path.")
    if kind.endswith("job") and on != "local":
        attempt(_check_compute, root, on)


def _check_job(file: Path, project: Project) -> None:
    job = bind.draft(file, project)
    attempt(bind.bound, job, Sources({}, {}, project))
    graph.check(job)


def _check_component(file: Path, project: Project) -> None:
    """Refuse what binding refuses in a component, whether or not a job refers to it."""
    place = Place(file, 1)
    node = Item({"component": Item(file.name, place)}, place)
    draft, sources = drafts.of_node(node, file.stem, project), Sources({}, {}, project)
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
                if file != root.place.file.absolute():
                    yield file


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path.absolute()
        return
    for file in sorted(path.absolute().rglob("*.y*ml")):
        hidden = any(part.startswith((".", "__")) for part in file.relative_to(path.absolute()).parts)
        if file.suffix in (".yml", ".yaml") and not hidden:
            yield file
