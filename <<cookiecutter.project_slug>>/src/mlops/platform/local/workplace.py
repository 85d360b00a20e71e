"""The folders of one node: what it reads, where it works, and what it writes until that is known to be whole."""

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import Failure
from mlops.platform.local.bench import Bench
from mlops.platform.local.cache import Made, Output
from mlops.specs.types import Asset, FromNode, Literal, Node


@dataclass(frozen=True)
class Read:
    """A file or folder that a node reads; `source` is `NODE.OUTPUT`, or the path of data."""

    path: Path
    digest: str
    source: str


def reads(bench: Bench, node: Node, made: Mapping[str, Made]) -> dict[str, Read]:
    """What goes into a node besides literals, by the name of its input. `made` are the nodes before it."""
    found = {}
    for name, value in node.inputs.items():
        if isinstance(value, FromNode):
            output = made[value.node].outputs[value.output]
            found[name] = Read(bench.state / output.path, output.digest, f"{value.node}.{value.output}")
        elif isinstance(value, Asset):
            found[name] = Read(value.path, bench.assets[value.path], str(value.path))
    return found


class Workplace:
    """`inputs` and `outputs` are texts by name, as they go into a command; all of it is below `folder`."""

    def __init__(self, bench: Bench, node: Node, reads: Mapping[str, Read]) -> None:
        self._bench, self._node = bench, node
        self.folder = bench.state / "work" / bench.run / node.name
        self.code, self.said = self.folder / "code", self.folder / "log.jsonl"
        self._draft, self._final = self.folder / "outputs", bench.runs.outputs(bench.run, node.name)
        self.inputs = {name: value.text for name, value in node.inputs.items() if isinstance(value, Literal)}
        self.inputs |= {name: self._text(name, read.path) for name, read in reads.items()}
        here = bench.root / self._draft.relative_to(bench.state)
        self.outputs = {name: str(here / name) for name in node.outputs}
        self.log = bench.runs.log(bench.run, node.name)

    def lay_out(self) -> None:
        """Copy the code, and make the folders that the node finds there."""
        shutil.copytree(self._bench.snapshots[self._node.source].folder, self.code)
        for name in ("outputs", "logs"):
            (self.code / name).mkdir(exist_ok=True)
        for name, port in self._node.outputs.items():
            (self._draft if port.type == "uri_file" else self._draft / name).mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def keep(self, artifacts: Path, complete: bool) -> dict[str, Output]:
        """Make the draft what the node wrote. Raises Failure when it is to be complete and a declared file is missing.

        An output named `artifacts` holds the artifacts of the run, as in Azure ML.
        """
        if "artifacts" in self._node.outputs and artifacts.is_dir():
            shutil.copytree(artifacts, self._draft / "artifacts", dirs_exist_ok=True)
        names = [name for name in self._node.outputs if (self._draft / name).exists()]
        if complete and (missing := sorted(set(self._node.outputs) - set(names))):
            raise Failure(f"ended well, but did not write its output '{missing[0]}'. Write it, or do not declare it.")
        self._draft.mkdir(parents=True, exist_ok=True)
        self._final.parent.mkdir(parents=True, exist_ok=True)
        self._draft.rename(self._final)
        where, index = self._final.relative_to(self._bench.state), self._bench.index
        return {name: Output(str(where / name), index.of_path(self._final / name)) for name in names}

    def keep_files(self, artifacts: Path) -> None:
        """Copy what the node left in `./outputs` to the artifacts of its run, as Azure ML does."""
        left = self.code / "outputs"
        if left.is_dir() and any(left.iterdir()):
            shutil.copytree(left, artifacts / "outputs", dirs_exist_ok=True)

    def installed(self, package: str) -> str:
        """The version of a package that the node installed for itself; empty when it did not."""
        found = next((self.folder / "packages").glob(f"{package}-*.dist-info"), None)
        return found.name.removeprefix(f"{package}-").removesuffix(".dist-info") if found else ""

    def show(self, made: Made) -> None:
        """Let the outputs of another node, of this run or an earlier one, be seen as those of this node."""
        self._final.parent.mkdir(parents=True, exist_ok=True)
        original = self._bench.runs.outputs(made.run, made.node)
        self._final.symlink_to(os.path.relpath(original, self._final.parent))

    def _text(self, name: str, path: Path) -> str:
        """A name of the file that a shell takes unquoted: its own, or that of a link."""
        state, root = self._bench.state, self._bench.root
        plain = str(root / path.relative_to(state) if path.is_relative_to(state) else path)
        if shlex.quote(plain) == plain:
            return plain
        link = self.folder / "inputs" / f"{name}{path.suffix}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
        return str(root / link.relative_to(state))
