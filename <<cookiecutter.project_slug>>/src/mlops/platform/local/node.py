"""One node from its inputs to its outputs: found again, or run in a process and recorded."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, MlopsError
from mlops.platform.base import REFUSALS, Event, State
from mlops.platform.local import cache, environment, parallel, sweep
from mlops.platform.local.bench import Bench, Outcome
from mlops.platform.local.cache import Made, Output
from mlops.platform.local.process import Ended, together
from mlops.platform.local.workplace import Workplace, reads
from mlops.specs.expressions import render
from mlops.specs.types import Node
from mlops.steps.log import HELD

TAIL = 20
EMPTY = digest.of_pairs([])
Say = Callable[[Event], None]


def execute(bench: Bench, node: Node, made: Mapping[str, Made], say: Say, parent: str | None = None) -> Outcome:
    """Find again or run a node whose inputs are all there. `made` are the nodes before it.

    Its run in MLflow is a child of `parent`: the job's, or for a trial that of the sweep.
    """
    started = time.monotonic()
    if bench.processes.stopped:
        return Outcome(bench.run, node.name, "cancelled")
    try:
        outcome = _Attempt(bench, node, made, parent or bench.run).outcome(say)
    except MlopsError as error:
        outcome = Outcome(bench.run, node.name, "failed", 0.0, f"node {node.name}: {error}", error.status)
    except OSError as error:
        why = f"{files.blamed(error)}. Free some space or check its rights, then repeat."
        outcome = Outcome(bench.run, node.name, "failed", 0.0, f"node {node.name}: {why}", 3)
    return replace(outcome, seconds=time.monotonic() - started)


class _Attempt:
    """Its run in MLflow is `child`, which `used` goes to as metrics."""

    def __init__(self, bench: Bench, node: Node, made: Mapping[str, Made], parent: str) -> None:
        self.bench, self.node, self.made, self.parent = bench, node, made, parent
        self.reads = reads(bench, node, made)
        self.place = Workplace(bench, node, self.reads)
        self.code = bench.snapshots[node.source].digest
        inputs = {name: f"{read.path.name} {read.digest}" for name, read in self.reads.items()}
        self.key = cache.key(node, self.code, inputs, bench.record["environment"]["digest"])
        self.child = ""
        self.used: Mapping[str, float] = {}

    def outcome(self, say: Say) -> Outcome:
        remark = ""
        if self.node.deterministic and not self.bench.record["fresh"]:
            found, remark = cache.find(self.bench.state, self.bench.index, self.key)
            if found and self.bench.tracking.knows(found.child):
                return self._reuse(found)
        say(Event(self.bench.run, self.node.name, "started", detail=remark))
        self._open({})
        state: State = "failed"
        try:
            outcome = self._search(say) if self.node.sweep else self._judge(self._process())
            state = outcome.state
            return outcome
        finally:
            self.bench.tracking.close(self.child, state, self.used)
            files.remove(self.place.folder)

    def _reuse(self, found: Made) -> Outcome:
        self._open({"mlops.reuses": found.child, "mlops.reuses.run": found.run})
        self.place.show(found)
        self.bench.tracking.close(self.child, "reused")
        reuses = {"run": found.run, "node": found.node, "child": found.child}
        return self._ended("reused", made=found, reuses=reuses)

    def _process(self) -> Ended | None:
        bench, node, place = self.bench, self.node, self.place
        place.lay_out()
        if node.parallel:
            command = parallel.command(node.parallel, place.inputs, place.outputs, place.folder / "mini-batches")
        else:
            command = render(node.command, place.inputs, place.outputs)
        variables = environment.variables(place.folder / "packages", node.distributed)
        variables |= bench.tracking.variables(self.child, bench.run) | {HELD: str(place.said)} | dict(node.variables)
        if own := node.variables.get("PYTHONPATH"):
            variables["PYTHONPATH"] = os.pathsep.join((str(place.folder / "packages"), own))
        return bench.processes.run(command, place.code, variables, place.log, self.child, node.timeout)

    def _judge(self, ended: Ended | None) -> Outcome:
        tracking = self.bench.tracking
        tracking.keep(self.child, self.place.said)
        if ended is None or self.bench.processes.stopped:
            return self._ended("cancelled")
        self.used = ended.used
        artifacts = tracking.artifacts(self.child)
        self.place.keep_files(artifacts)
        if ended.code == 0 and not ended.timed_out:
            self._check_inputs()
            outputs = self.place.keep(artifacts, complete=True)
            return self._finish(outputs, "; ".join(self._remarks(outputs)))
        status = REFUSALS.get(tracking.read(self.child).tags.get("mlops.refused", ""), 3)
        if status == 3:
            return self._ended("failed", f"failed with {self._how(ended)}. {self._tail()}", 3, exit=ended.code)
        outputs = self.place.keep(artifacts, complete=False)
        state, said = ("refused", "refused") if status == 1 else ("unreadable", "cannot read what it was given")
        return self._ended(state, f"{said}. {self._tail()}", status, self._made(outputs), exit=ended.code)

    def _remarks(self, outputs: Mapping[str, Output]) -> Iterator[str]:
        if empty := [name for name, kept in outputs.items() if kept.digest == EMPTY]:
            yield f"its output '{empty[0]}' is empty"
        own, ours = self.place.installed("mlflow") or self.place.installed("mlflow_skinny"), version("mlflow")
        if own not in ("", ours):
            yield f"it installed MLflow {own}, but the record of runs is of {ours}: what it logged may be missing"

    def _search(self, say: Say) -> Outcome:
        """Run the trials of a sweep as nodes of their own, and take over what the best one wrote."""
        bench, tracking, name = self.bench, self.bench.tracking, self.node.name
        search = sweep.Search(self.node, seed=int(self.key[:8], 16))

        def run(trial: Node, parameters: Mapping[str, str]) -> tuple[Outcome, Mapping[str, float]]:
            outcome = execute(bench, trial, self.made, lambda _: None, self.child)
            if not (own := outcome.record.get("child")):
                return outcome, {}
            logged = tracking.read(own)
            tracking.log_parameters(own, {key: text for key, text in parameters.items() if key not in logged.params})
            return outcome, tracking.read(outcome.made.child).metrics if outcome.made else logged.metrics

        search.drive(run, lambda said: say(Event(bench.run, name, "started", detail=said)))
        self.used = together(trial.outcome.record for trial in search.trials)
        if bench.processes.stopped:
            return self._ended("cancelled")
        best, said, record = search.result(bench.runs.log(bench.run, f"{name}.1"))
        self.place.show(best)
        return self._finish(best.outputs, said, sweep=record)

    def _finish(self, outputs: Mapping[str, Output], detail: str, **more: Any) -> Outcome:
        made = self._made(outputs)
        if self.node.deterministic:
            cache.keep(self.bench.state, self.key, made)
        return self._ended("finished", detail, made=made, **more)

    def _made(self, outputs: Mapping[str, Output]) -> Made:
        return Made(self.bench.run, self.node.name, self.child, outputs)

    def _ended(self, state: State, detail: str = "", status: int = 0, made: Made | None = None, **more: Any) -> Outcome:
        """The record names what was made; other nodes read it only when the status is 0."""
        kept = {name: asdict(output) for name, output in made.outputs.items()} if made else {}
        own = {"child": self.child, "code": self.code, "key": self.key}
        inputs = {name: read.source for name, read in self.reads.items()}
        record = {**own, "inputs": inputs, "outputs": kept, **self.used, **more}
        said = f"node {self.node.name} {detail}" if status else detail
        good = made if status == 0 else None
        return Outcome(self.bench.run, self.node.name, state, 0.0, said, status, good, record)

    def _open(self, tags: Mapping[str, str]) -> None:
        own = {"mlflow.parentRunId": self.parent, "mlops.key": self.key}
        self.child = self.bench.tracking.open(self.node.name, own | dict(tags))

    def _check_inputs(self) -> None:
        """Raises Failure when what the node read is no longer what its key says: its outputs must not be reused."""
        advice = "Let no node write to what it reads, leave the file alone, and run the job again."
        for name, read in self.reads.items():
            if not read.path.exists() or self.bench.index.of_path(read.path) != read.digest:
                raise Failure(f"its input '{name}' was changed while it ran: {read.path}. {advice}")

    def _how(self, ended: Ended) -> str:
        if ended.timed_out:
            return f"its time limit of {self.node.timeout:g} s"
        with suppress(ValueError):
            return f"signal {signal.Signals(-ended.code).name}"
        return f"exit code {ended.code}"

    def _tail(self) -> str:
        lines = self.place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        said = "\n".join(lines) if lines else "(it printed nothing)"
        return f"The end of its log:\n{said}\nThe whole log: {self.place.log}"
