"""One node from its inputs to its outputs: found again, or run in a process and recorded."""

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mlops import files
from mlops.errors import MlopsError
from mlops.platform.base import Event, State
from mlops.platform.local import cache, environment, parallel, sweep
from mlops.platform.local.bench import Bench, Outcome
from mlops.platform.local.cache import Made
from mlops.platform.local.process import Ended
from mlops.platform.local.snapshot import EMPTY
from mlops.platform.local.workplace import Workplace
from mlops.specs.expressions import render
from mlops.specs.types import Asset, FromNode, Node, Value

TAIL = 20
REFUSALS = {"verdict": 1, "input": 2}
Say = Callable[[Event], None]


def execute(bench: Bench, node: Node, made: Mapping[str, Made], say: Say, parent: str | None = None) -> Outcome:
    """Find again or run a node whose inputs are all there. `made` are the nodes before it.

    Its run in MLflow is a child of `parent`: the job's, or for a trial that of the sweep.
    """
    started = time.monotonic()
    if bench.processes.stopped:
        return Outcome(node.name, "cancelled", 0.0)
    try:
        return _Attempt(bench, node, made, parent or bench.run, started).outcome(say)
    except MlopsError as error:
        why, status = str(error), error.status
    except OSError as error:
        why, status = f"{files.reason(error)}. Free some space or check rights below {bench.state}, then repeat.", 3
    return Outcome(node.name, "failed", time.monotonic() - started, status, f"node {node.name}: {why}")


class _Attempt:
    def __init__(self, bench: Bench, node: Node, made: Mapping[str, Made], parent: str, started: float) -> None:
        self.bench, self.node, self.made, self.parent, self.started = bench, node, made, parent, started
        self.place = Workplace(bench, node, made)
        self.code = bench.frozen.snapshots[node.source].digest
        digests = {name: found for name, value in node.inputs.items() if (found := self._digest(value))}
        self.key = cache.key(node, self.code, digests, bench.frozen.environment)
        self.used: Mapping[str, float] = {}

    def outcome(self, say: Say) -> Outcome:
        remark = ""
        if self.node.deterministic and not self.bench.fresh:
            found, remark = self.bench.cache.find(self.key)
            if found:
                return self._reuse(found)
        say(Event(self.bench.run, self.node.name, "started", detail=remark))
        child = self._open({})
        state: State = "failed"
        try:
            outcome = self._search(child, say) if self.node.sweep else self._judge(child, self._process(child))
            state = outcome.state
            return outcome
        finally:
            self.bench.tracking.close(child, state, self.used)
            self.place.remove()

    def _reuse(self, found: Made) -> Outcome:
        child = self._open({"mlops.reuses": found.child, "mlops.reuses.run": found.run})
        self.bench.runs.share(self.bench.run, self.node.name, self.bench.runs.outputs(found.run, found.node))
        self.bench.tracking.close(child, "reused")
        record = self._record(child, found) | {"reuses": {"run": found.run, "node": found.node, "child": found.child}}
        return Outcome(self.node.name, "reused", self._seconds(), made=found, record=record)

    def _process(self, child: str) -> Ended | None:
        bench, node, place = self.bench, self.node, self.place
        place.lay_out()
        if node.parallel:
            command = parallel.command(node.parallel, place.inputs, place.outputs, place.folder / "mini-batches")
        else:
            command = render(node.command, place.inputs, place.outputs)
        variables = environment.variables(place.folder / "packages", node.distributed)
        variables |= bench.tracking.variables(bench.experiment, child, bench.run) | dict(node.variables)
        return bench.processes.run(command, place.code, variables, place.log, "AZUREML_RUN_ID", node.timeout)

    def _judge(self, child: str, ended: Ended | None) -> Outcome:
        name, run, artifacts = self.node.name, self.bench.run, self.bench.tracking.artifacts(child)
        if ended is None or self.bench.processes.stopped:
            return Outcome(name, "cancelled", self._seconds(), record=self._record(child))
        self.used = ended.used
        self.place.keep_files(artifacts)
        if ended.code == 0:
            made = Made(run, name, child, self.place.keep(artifacts, complete=True))
            empty = [output for output, kept in made.outputs.items() if kept.digest == EMPTY.digest]
            return self._finish(made, f"its output '{empty[0]}' is empty" if empty else "", {})
        status = REFUSALS.get(self.bench.tracking.read(child).tags.get("mlops.refused", ""), 3)
        outputs = self.place.keep(artifacts, complete=False) if status < 3 else {}
        record = self._record(child, Made(run, name, child, outputs)) | {"exit": ended.code}
        state: State = "refused" if status < 3 else "failed"
        return Outcome(name, state, self._seconds(), status, self._why(state, ended), record=record)

    def _search(self, child: str, say: Say) -> Outcome:
        """Run the trials of a sweep as nodes of their own, and take over what the best one wrote."""
        bench, tracking, name = self.bench, self.bench.tracking, self.node.name
        search = sweep.Search(self.node, seed=int(self.key[:8], 16))

        def run(trial: Node, parameters: Mapping[str, str]) -> tuple[Outcome, Mapping[str, float]]:
            outcome = execute(bench, trial, self.made, lambda _: None, child)
            if not (own := outcome.record.get("child")):
                return outcome, {}
            logged = tracking.read(own)
            tracking.log_parameters(own, {key: text for key, text in parameters.items() if key not in logged.params})
            return outcome, tracking.read(outcome.made.child).metrics if outcome.made else logged.metrics

        trials = search.trials(run, lambda said: say(Event(bench.run, name, "started", detail=said)))
        self.used = sweep.used(trials)
        if bench.processes.stopped:
            return Outcome(name, "cancelled", self._seconds(), record=self._record(child))
        best = search.best(trials)
        assert best.outcome.made
        original = best.outcome.made
        bench.runs.share(bench.run, name, bench.runs.outputs(original.run, original.node))
        made = Made(bench.run, name, child, original.outputs)
        return self._finish(made, search.summary(trials, best), {"sweep": search.record(trials, best)})

    def _finish(self, made: Made, detail: str, more: Mapping[str, Any]) -> Outcome:
        if self.node.deterministic:
            self.bench.cache.keep(self.key, made)
        record = self._record(made.child, made) | dict(more)
        return Outcome(self.node.name, "finished", self._seconds(), detail=detail, made=made, record=record)

    def _open(self, tags: Mapping[str, str]) -> str:
        own = {"mlflow.parentRunId": self.parent, "mlops.kind": "node", "mlops.key": self.key}
        return self.bench.tracking.open(self.bench.experiment, self.node.name, own | dict(tags))

    def _digest(self, value: Value) -> str | None:
        if isinstance(value, FromNode):
            return self.made[value.node].outputs[value.output].digest
        return f"{value.path.name} {self.bench.frozen.assets[value.path]}" if isinstance(value, Asset) else None

    def _record(self, child: str, made: Made | None = None) -> dict[str, Any]:
        outputs = {name: vars(output) for name, output in made.outputs.items()} if made else {}
        return {"child": child, "code": self.code, "key": self.key, "outputs": outputs} | dict(self.used)

    def _why(self, state: State, ended: Ended) -> str:
        how = f"exit code {ended.code}"
        if ended.code < 0:
            with suppress(ValueError):
                how = f"signal {signal.Signals(-ended.code).name}"
        if ended.timed_out:
            how = f"its time limit of {self.node.timeout:g} s"
        lines = self.place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        said = "\n".join(lines) if lines else "(it printed nothing)"
        end = f"The end of its log:\n{said}\nThe whole log: {self.place.log}"
        with_how = "" if state == "refused" else f" with {how}"
        return f"node {self.node.name} {state}{with_how}. {end}"

    def _seconds(self) -> float:
        return time.monotonic() - self.started
