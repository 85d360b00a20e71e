"""One node from its inputs to its outputs: found again, or run in a process and recorded."""

import shlex
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, MlopsError
from mlops.platform.base import Event, State
from mlops.platform.local import cache, environment
from mlops.platform.local.index import Index
from mlops.platform.local.process import Ended, Processes
from mlops.platform.local.runs import Runs
from mlops.platform.local.snapshot import EMPTY, Snapshot
from mlops.platform.local.tracking import Tracking
from mlops.specs.expressions import render
from mlops.specs.types import Asset, FromNode, Literal, Node, Value

TAIL = 20
REFUSALS = {"verdict": 1, "input": 2}


@dataclass(frozen=True)
class Outcome:
    """How a node ended. `made` is there for a node whose outputs others may read; `record` goes into the run's."""

    node: str
    state: State
    seconds: float
    status: int = 0
    detail: str = ""
    made: cache.Made | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """What all nodes of a run share. `root` is the state folder, under a name that a shell takes unquoted."""

    run: str
    experiment: str
    fresh: bool
    state: Path
    root: Path
    runs: Runs
    index: Index
    cache: cache.Cache
    tracking: Tracking
    processes: Processes
    environment: str
    snapshots: Mapping[Path | None, Snapshot]
    assets: Mapping[Path, str]

    def execute(self, node: Node, made: Mapping[str, cache.Made], say: Callable[[Event], None]) -> Outcome:
        """Find again or run a node whose inputs are all there. `made` are the nodes before it."""
        started = time.monotonic()
        if self.processes.stopped:
            return Outcome(node.name, "cancelled", 0.0)
        try:
            return _Attempt(self, node, made, started).outcome(say)
        except MlopsError as error:
            why, status = str(error), error.status
        except OSError as error:
            why, status = f"{files.reason(error)}. Free some space or check rights below {self.state}, then repeat.", 3
        return Outcome(node.name, "failed", time.monotonic() - started, status, f"node {node.name}: {why}")


class _Attempt:
    def __init__(self, bench: Bench, node: Node, made: Mapping[str, cache.Made], started: float) -> None:
        self.bench, self.node, self.started = bench, node, started
        self.place = bench.state / "work" / node.name
        self.draft, self.final = self.place / "outputs", bench.runs.outputs(bench.run, node.name)
        self.snapshot = bench.snapshots[node.code]
        self.paths = {name: self._path(name, value, made) for name, value in node.inputs.items()}
        digests = {name: found for name, value in node.inputs.items() if (found := self._digest(value, made))}
        self.key = cache.key(node, self.snapshot.digest, digests, bench.environment)

    def outcome(self, say: Callable[[Event], None]) -> Outcome:
        remark = ""
        if self.node.deterministic and not self.bench.fresh:
            found, remark = self.bench.cache.find(self.key)
            if found:
                return self._reuse(found)
        say(Event(self.bench.run, self.node.name, "started", detail=remark))
        child = self._open({})
        state: State = "failed"
        ended = None
        try:
            ended = self._process(child)
            state, outcome = self._judge(child, ended)
            return outcome
        finally:
            self.bench.tracking.close(child, state, ended.used if ended else {})
            files.remove(self.place)

    def _reuse(self, found: cache.Made) -> Outcome:
        child = self._open({"mlops.reuses": found.child, "mlops.reuses.run": found.run})
        self.bench.runs.share(self.bench.run, self.node.name, self.bench.runs.outputs(found.run, found.node))
        self.bench.tracking.close(child, "reused")
        record = self._record(child, found) | {"reuses": {"run": found.run, "node": found.node, "child": found.child}}
        return Outcome(self.node.name, "reused", self._seconds(), made=found, record=record)

    def _process(self, child: str) -> Ended | None:
        bench, node = self.bench, self.node
        self.snapshot.lay_out(self.place / "code")
        for name, port in node.outputs.items():
            (self.draft if port.type == "uri_file" else self.draft / name).mkdir(parents=True, exist_ok=True)
        drafts = {name: str(bench.root / "work" / node.name / "outputs" / name) for name in node.outputs}
        log = bench.runs.log(bench.run, node.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        variables = environment.variables(self.place / "packages") | bench.tracking.variables(bench.experiment, child)
        return bench.processes.run(
            render(node.command, self.paths, drafts), self.place / "code", variables | dict(node.variables), log,
            "AZUREML_RUN_ID", node.timeout,
        )  # fmt: skip

    def _judge(self, child: str, ended: Ended | None) -> tuple[State, Outcome]:
        name, run = self.node.name, self.bench.run
        if ended is None or self.bench.processes.stopped:
            return "cancelled", Outcome(name, "cancelled", self._seconds(), record=self._record(child))
        self._keep_files(child)
        if ended.code == 0:
            made = cache.Made(run, name, child, self._keep_outputs())
            if self.node.deterministic:
                self.bench.cache.keep(self.key, made)
            empty = [output for output, kept in made.outputs.items() if kept.digest == EMPTY.digest]
            detail = f"its output '{empty[0]}' is empty" if empty else ""
            record = self._record(child, made) | ended.used
            return "finished", Outcome(name, "finished", self._seconds(), detail=detail, made=made, record=record)
        status = REFUSALS.get(self.bench.tracking.refusal(child) or "", 3)
        outputs = self._keep_outputs(complete=False) if status < 3 else {}
        record = self._record(child, cache.Made(run, name, child, outputs)) | ended.used | {"exit": ended.code}
        state: State = "refused" if status < 3 else "failed"
        return state, Outcome(name, state, self._seconds(), status, self._why(state, ended), record=record)

    def _open(self, tags: Mapping[str, str]) -> str:
        own = {"mlflow.parentRunId": self.bench.run, "mlops.kind": "node", "mlops.key": self.key}
        return self.bench.tracking.open(self.bench.experiment, self.node.name, own | dict(tags))

    def _path(self, name: str, value: Value, made: Mapping[str, cache.Made]) -> str:
        if isinstance(value, Literal):
            return value.text
        if isinstance(value, FromNode):
            return str(self.bench.root / made[value.node].outputs[value.output].path)
        path = str(value.path)
        if shlex.quote(path) == path:
            return path
        link = self.place / "inputs" / f"{name}{value.path.suffix}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(value.path)
        return str(self.bench.root / link.relative_to(self.bench.state))

    def _digest(self, value: Value, made: Mapping[str, cache.Made]) -> str | None:
        if isinstance(value, FromNode):
            return made[value.node].outputs[value.output].digest
        return f"{value.path.name} {self.bench.assets[value.path]}" if isinstance(value, Asset) else None

    def _keep_outputs(self, complete: bool = True) -> dict[str, cache.Output]:
        """Make the draft what the node wrote. Raises Failure when a declared file is not there."""
        names = [name for name in self.node.outputs if (self.draft / name).exists()]
        if complete and (missing := sorted(set(self.node.outputs) - set(names))):
            raise Failure(f"ended well, but did not write its output '{missing[0]}'. Write it, or do not declare it.")
        self.draft.mkdir(parents=True, exist_ok=True)
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.draft.rename(self.final)
        where = self.final.relative_to(self.bench.state)
        return {name: cache.Output(str(where / name), self.bench.index.of_path(self.final / name)) for name in names}

    def _keep_files(self, child: str) -> None:
        """What a node left in `./outputs` belongs to the artifacts of its run, as in Azure ML."""
        left = self.place / "code" / "outputs"
        if left.is_dir() and any(left.iterdir()):
            shutil.move(left, self.bench.tracking.artifacts(child) / "outputs")

    def _record(self, child: str, made: cache.Made | None = None) -> dict[str, Any]:
        outputs = {name: vars(output) for name, output in made.outputs.items()} if made else {}
        return {"child": child, "code": self.snapshot.digest, "key": self.key, "outputs": outputs}

    def _why(self, state: State, ended: Ended) -> str:
        name, log = self.node.name, self.bench.runs.log(self.bench.run, self.node.name)
        how = f"exit code {ended.code}"
        if ended.code < 0:
            with suppress(ValueError):
                how = f"signal {signal.Signals(-ended.code).name}"
        if ended.timed_out:
            how = f"its time limit of {self.node.timeout:g} s"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        said = "\n".join(lines) if lines else "(it printed nothing)"
        with_how = "" if state == "refused" else f" with {how}"
        return f"node {name} {state}{with_how}. The end of its log:\n{said}\nThe whole log: {log}"

    def _seconds(self) -> float:
        return time.monotonic() - self.started
