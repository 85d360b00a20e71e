"""A submitted pipeline, really run: rebuilt from what was uploaded alone, and run as Azure's machines would.

That is in another folder, under another user, in an interpreter made from the environment's own build context.
"""

import copy
import io
import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.https.runs import Begun, Plan
from tests.emulator.rules.assets import OF_REGISTRY, asset, located
from tests.emulator.rules.jobs import pipeline
from tests.emulator.store import Document
from tests.support.project import TEMPLATE

EXECUTOR = Path(__file__).with_name("executor.py")
MACHINERY = TEMPLATE / "<<cookiecutter.project_slug>>" / "src"
LEADS = ("dataUri", "modelUri", "codeUri")
ENDS = {"finished": "Completed", "refused": "Failed", "unreadable": "Failed", "failed": "Failed"}
REFUSALS = {"refused": "verdict", "unreadable": "input"}


def really(interpreter: Callable[[Path], Path], processors: int = 1) -> Plan:
    """The plan to run jobs. `interpreter` gives the one that a build context describes."""
    return lambda begun: _Work(begun, processors).run(interpreter)


class _Work:
    def __init__(self, begun: Begun, processors: int) -> None:
        self.begun, self.arm, self.blobs = begun, begun.cloud.arm, begun.cloud.blobs
        self.processors = processors
        self.folder = begun.cloud.folder / "mnt" / begun.run.id
        self.given = begun.job["properties"] | pipeline(self.arm, begun.job["properties"])
        self.specs: dict[str, Document] = {}
        self.environments: set[str] = set()

    def run(self, interpreter: Callable[[Path], Path]) -> None:
        self.begun.enter("Preparing")
        self._lay_out()
        (environment,) = self.environments
        python = interpreter(self._context(self._document(environment)))
        home = self.folder / "home"
        home.mkdir()
        known = {"PATH": os.environ["PATH"], "HOME": str(home), "USER": "azureml", "PYTHONPATH": str(MACHINERY)}
        with (self.folder / "executor.log").open("w") as log:
            process = subprocess.Popen(
                [python, EXECUTOR, "azureml/pipelines/job.yml", str(self.processors)],
                cwd=self.folder / "project",
                env=known,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert process.stdout
        self.begun.on_cancel(lambda: process.send_signal(signal.SIGINT))
        self.begun.enter("Running")
        for line in process.stdout:
            self._take(**json.loads(line))
        status = process.wait()
        assert status == 0, (self.folder / "executor.log").read_text()
        failed = [step.name for step in self.begun.steps.values() if step.status == "Failed"]
        if self.begun.cancelled.is_set():
            return self.begun.end("Canceled")
        self.begun.end("Failed" if failed else "Completed", f"Failed steps: {', '.join(failed)}." if failed else "")

    def _take(self, node: str, state: str, log: str, outputs: dict[str, str]) -> None:
        """What the executor says of a node. Of a node that failed no output is reported, but its bytes are there."""
        step, project = self.begun.steps[node], self.folder / "project"
        if state in ("started", "skipped"):
            return step.enter("Running") if state == "started" else None
        if (project / log).exists():
            self.begun.log(node, (project / log).read_text())
        for name, path in outputs.items():
            self.begun.write(node, name, dict(_content(project / path)))
        if state == "finished":
            step.outputs = {name: port["type"] for name, port in self.specs[node]["outputs"].items()}
        if state in REFUSALS:
            step.tags["mlops.refused"] = REFUSALS[state]
        step.enter(ENDS.get(state, "Canceled"))

    def _lay_out(self) -> None:
        """The files of the pipeline, as the service keeps them."""
        project = self.folder / "project"
        codes: dict[str, Path] = {}
        for node, given in self.given["jobs"].items():
            spec = self.specs[node] = copy.deepcopy(self._document(given["componentId"])["componentSpec"])
            part = spec.get("task") or spec
            code = part["code"]
            self.environments.add(part["environment"])
            if code not in codes:
                codes[code] = project / "code" / str(len(codes))
                self._fetch(self._document(code)["codeUri"], codes[code])
            part |= {"code": f"../../code/{codes[code].name}", "environment": "azureml:environment:1"}
            kept = {key: value for key, value in spec.items() if not key.startswith(("_", "$"))}
            _write(project / "azureml" / "components" / f"{node}.yml", kept)
        job = {
            "type": "pipeline",
            "display_name": self.given.get("displayName"),
            "experiment_name": self.given.get("experimentName"),
            "inputs": {name: self._input(name, given) for name, given in self.given["inputs"].items()},
            "outputs": {name: {"type": given["jobOutputType"]} for name, given in self.given["outputs"].items()},
            "jobs": {node: self._node(node, given) for node, given in self.given["jobs"].items()},
        }
        _write(project / "azureml" / "pipelines" / "job.yml", job)

    def _context(self, environment: Document) -> Path:
        """What the image is built from: as the environment has it, or as its registry of images was given it."""
        to = self.folder / "context"
        if build := environment.get("build"):
            return self._fetch(build["contextUri"], to)
        packed = self.begun.cloud.images.contexts[environment["image"].partition("@")[2]]
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(to, filter="data")
        return to

    def _node(self, node: str, given: Document) -> Document:
        bound = {
            port: {name: self._input(f"{node}.{name}", each) for name, each in (given.get(port) or {}).items()}
            for port in ("inputs", "outputs")
        }
        return {"type": given["type"], "component": f"../components/{node}.yml"} | bound

    def _input(self, name: str, given: Document) -> Any:
        if "value" in given:
            return given["value"]
        place = self.folder / "data" / name
        uri = given["uri"]
        if uri.startswith("/subscriptions/") or OF_REGISTRY.fullmatch(uri):
            document = self._document(uri)
            uri = next(document[key] for key in LEADS if key in document)
        path = self._fetch(uri, place)
        return {"type": given.get("jobInputType") or given["job_input_type"], "path": str(path)}

    def _fetch(self, uri: str, to: Path) -> Path:
        """What lies at a URI: a folder as `to`, a file below it."""
        account, container, path = located(uri, self.arm, self.begun.workspace)
        path = path.rstrip("/")
        found = [
            name
            for name in self.blobs.names(account, container, path)
            if name == path or name.startswith(f"{path}/".lstrip("/"))
        ]
        assert found, uri
        for name in found:
            inner = name.removeprefix(path).lstrip("/") or name.rsplit("/", 1)[-1]
            (to / inner).parent.mkdir(parents=True, exist_ok=True)
            (to / inner).write_bytes(self.blobs.read(account, container, name))
        return to / path.rsplit("/", 1)[-1] if found == [path] else to

    def _document(self, reference: str) -> Document:
        found = asset(self.arm, reference)
        assert found, reference
        return found["properties"]


def _content(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            yield file.relative_to(path).as_posix() if path.is_dir() else "", file.read_bytes()


def _write(file: Path, content: Document) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
