"""Where things lie: paths from the file that names them, and assets that a YAML file of a project describes."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlops.errors import Misuse
from mlops.specs.load import Elsewhere, Item, read
from mlops.specs.values import FILES

NAMED = re.compile(r"azureml:(?P<name>[^:@/]+)(?::(?P<version>[^:@/]+)|@latest)")
REMOTE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:")
Stored = Callable[[str, str], Path | None]
"""Where a name and version of data is kept; None for a name that is not. Raises Misuse for a version that is not."""


@dataclass(frozen=True)
class Project:
    """The YAML files of a project folder, searched by the `name:` of what they describe.

    A name that none of them says is looked for below the folder of the file that refers to it.
    `mapped` says which folder of this machine holds what lies under the start of a URI, `stored` which versions of
    data are kept beside the files: they come first. Where jobs run in Azure ML all URIs are `remote`, left to it.
    """

    folder: Path | None
    mapped: Mapping[str, Path] = field(default_factory=dict)
    stored: Stored | None = None
    remote: bool = False

    def find(self, reference: Item, kind: str) -> Item | None:
        """The `data` asset or `component` that `azureml:NAME@latest` or `azureml:NAME:VERSION` means, if a file has it.

        A file without a version is every version. Raises Misuse when two files say the same name and version.
        """
        wanted = NAMED.fullmatch(str(reference.value))
        if wanted is None:
            return None
        there = reference.place.file.parent
        found = self._below(self.folder or there, wanted, kind) or self._below(there, wanted, kind)
        latest = max(found, key=lambda version: [int(part) for part in re.findall(r"\d+", version)], default="")
        return found.get(latest)

    def _below(self, folder: Path, wanted: re.Match[str], kind: str) -> dict[str, Item]:
        """What the files below a folder describe under that name, by version."""
        found: dict[str, Item] = {}
        line = re.compile(rf"^name:\s*['\"]?{re.escape(wanted['name'])}['\"]?\s*(#.*)?$", re.MULTILINE)
        files = (file for file in yaml_files(folder) if line.search(file.read_text("utf-8-sig", errors="replace")))
        for item in map(read, files):
            version = str(item.plain().get("version") or "")
            if _kind(item) != kind or (version and wanted["version"] not in (version, None)):
                continue
            if version in found:
                twin = found[version].place.file
                raise item.wrong(f"describes the {kind} `{wanted['name']}`, and so does {twin}. Rename one.")
            found[version] = item
        return found

    def kept(self, item: Item) -> Path | None:
        """What `azureml:NAME:VERSION` is among the data that is kept. Raises Misuse for another version of NAME."""
        wanted = NAMED.fullmatch(str(item.value))
        if not self.stored or not wanted or not wanted["version"]:
            return None
        try:
            return self.stored(wanted["name"], wanted["version"])
        except Misuse as error:
            raise item.wrong(error.what) from error

    def local(self, item: Item, name: str) -> Path | None:
        """Where the longest start of a URI that is mapped leads. Raises Misuse when nothing is there."""
        uri = str(item.value)
        starts = [start for start in self.mapped if f"{uri}/".startswith(f"{start.rstrip('/')}/")]
        if not starts:
            return None
        start = max(starts, key=len)
        path = self.mapped[start] / uri[len(start) :].strip("/*")
        if not path.exists():
            what = f"input `{name}`: {path} does not exist. `environments.local.paths` maps `{start}` to its folder."
            raise item.wrong(f"{what} Copy the data there, or use `--input {name}=PATH`.", kind=Elsewhere)
        return path.absolute()


def yaml_files(folder: Path) -> Iterator[Path]:
    """The YAML files below a folder, in order; hidden ones and those in hidden folders are left out."""
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__")))
        shown = sorted(name for name in files if name.endswith((".yml", ".yaml")) and not name.startswith("."))
        yield from (Path(place, name) for name in shown)


def existing(item: Item, what: str, remedy: str) -> Path:
    """The local path that a text means, from the folder of its file. Raises Misuse unless it exists."""
    source = item.value
    if not isinstance(source, str) or REMOTE.match(source):
        raise item.wrong(f"{what} is `{item.plain()}`, not on this machine. {remedy}", kind=Elsewhere)
    path = Path(os.path.normpath(item.place.file.parent / re.sub(r"^file:(//)?", "", source)))
    if not path.exists():
        raise item.wrong(f"{what}: {path} does not exist. {remedy}")
    return path


def locate(item: Item, name: str, project: Project, above: tuple[Item, ...] = ()) -> tuple[Path | None, str]:
    """The file or folder of this machine that the `path:` of an input means, absolute; None when it is elsewhere.

    With it the `NAME:VERSION` that it is said to be, by the reference or by the file of its asset; else nothing.
    `above` are the assets that led here. Raises Misuse when it should be here and is not.
    """
    if project.remote and REMOTE.match(str(item.value)):
        return None, ""
    wanted = NAMED.fullmatch(str(item.value))
    version = wanted and wanted["version"]
    path = project.kept(item)
    if path is None and (asset := project.find(item, "data")):
        if asset in above:
            raise item.wrong(f"`{item.value}` leads back to itself. Write a file or folder as `path:` of this asset.")
        version = version or asset.plain().get("version")
        path, _ = locate(asset.get("path") or asset, name, project, (*above, asset))
    elif path is None and REMOTE.match(str(item.value)):
        path = project.local(item, name)
    elif path is None:
        path = existing(item, f"input `{name}`", f"Name a local copy with `--input {name}=PATH`.").absolute()
    return path, f"{wanted['name']}:{version}" if wanted and version else ""


def _kind(item: Item) -> str:
    if re.search(r"/(data|model)\.schema", item.text("$schema") or "") or item.text("type") in FILES:
        return "data"
    return "component" if item.get("command") or item.get("jobs") or item.get("task") else ""
