"""A sweep: trials of a node with inputs drawn from a space, and the best of them by a metric that they log."""

import itertools
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from mlops.errors import Failure
from mlops.platform.local.bench import Outcome
from mlops.platform.local.cache import Made
from mlops.specs.types import Distribution, Literal, Node

if TYPE_CHECKING:
    import optuna

OF_THE_RUNNER = {"wall_seconds", "cpu_seconds", "peak_memory_mb"}
TAILS = 1e-6
Run = Callable[[Node, Mapping[str, str]], tuple[Outcome, Mapping[str, float]]]


@dataclass(frozen=True)
class Trial:
    """A trial that has ended. `value` is the metric that the sweep wants, None when the trial has none."""

    number: int
    parameters: Mapping[str, str]
    outcome: Outcome
    metrics: Mapping[str, float]
    value: float | None

    def record(self) -> dict[str, Any]:
        return self.outcome.entry() | {"trial": self.number, "parameters": self.parameters, "value": self.value}


class Search:
    """The trials of a sweep node. They depend on its own seed, or on the one given, and on nothing of the moment."""

    def __init__(self, node: Node, seed: int) -> None:
        assert node.sweep
        self._node, self._sweep = node, node.sweep
        self._seed = seed if node.sweep.seed is None else node.sweep.seed
        self._most = node.sweep.max_trials
        self.trials: list[Trial] = []

    def drive(self, run: Run, say: Callable[[str], None]) -> None:
        """Run trials side by side until there are enough or time is up.

        A bayesian search learns after each round of as many trials as run side by side, so that it can be repeated.
        """
        import optuna

        sweep = self._sweep
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        bayesian = sweep.algorithm == "bayesian"
        sampler = (optuna.samplers.TPESampler if bayesian else optuna.samplers.RandomSampler)(seed=self._seed)
        study = optuna.create_study(direction=optuna.study.StudyDirection[sweep.goal.upper()], sampler=sampler)
        if sweep.algorithm == "grid":
            self._line_up(study)
        deadline = time.monotonic() + (sweep.timeout or math.inf)

        def attempt(number: int, parameters: Mapping[str, str]) -> Trial | None:
            left = min(deadline - time.monotonic(), sweep.trial_timeout or math.inf)
            if left <= 0:
                return None
            drawn = {name: Literal(text, "string") for name, text in parameters.items()}
            node = replace(
                self._node,
                name=f"{self._node.name}.{number}",
                inputs={**self._node.inputs, **drawn},
                timeout=left if math.isfinite(left) else None,
                sweep=None,
            )
            outcome, metrics = run(node, parameters)
            wanted = outcome.made and sweep.metric not in OF_THE_RUNNER
            value = metrics.get(sweep.metric, math.nan) if wanted else math.nan
            trial = Trial(number, parameters, outcome, metrics, value if math.isfinite(value) else None)
            say(f"trial {trial.number} of {self._most} {trial.outcome.state}: {sweep.metric} {_figure(trial.value)}")
            return trial

        with ThreadPoolExecutor(sweep.concurrent) as pool:
            for start in range(0, self._most, size := sweep.concurrent if bayesian else self._most):
                asked = [study.ask() for _ in range(start, min(start + size, self._most))]
                numbers = [each.number + 1 for each in asked]
                drawn = [{name: str(_draw(each, name, of)) for name, of in sweep.space.items()} for each in asked]
                for each, trial in zip(asked, pool.map(attempt, numbers, drawn), strict=True):
                    value = trial.value if trial else None
                    study.tell(each, value, optuna.trial.TrialState.FAIL if value is None else None)
                    self.trials += [trial] if trial else []

    def result(self, log: Path) -> tuple[Made, str, dict[str, Any]]:
        """What the first of the trials with the best value made, a sentence about it, and the record of the sweep.

        Raises Failure, naming the log of one, when none has a value.
        """
        sweep, sign = self._sweep, 1 if self._sweep.goal == "minimize" else -1
        measured = [(sign * trial.value, trial.number, trial) for trial in self.trials if trial.value is not None]
        if not measured:
            logged = sorted({name for trial in self.trials for name in trial.metrics} - OF_THE_RUNNER)
            ends = next((f"{trial.outcome.detail}. " for trial in self.trials if trial.outcome.detail), "")
            raise Failure(
                f"none of {len(self.trials)} trials ended well with a finite metric '{sweep.metric}'. "
                f"They logged: {', '.join(logged) or 'no metric'}. Log it, or name another. {ends}See {log}"
            )
        best = min(measured)[2]
        assert best.outcome.made
        lost, unseen = len(self.trials) - len(measured), self._most - len(self.trials)
        chosen = ", ".join(f"{name} {text}" for name, text in best.parameters.items())
        said = f"trial {best.number} of {len(self.trials)} is best: {sweep.metric} {_figure(best.value)} with {chosen}"
        said += (f"; {lost} failed" * bool(lost)) + (f"; time was up before {unseen} more" * bool(unseen))
        own = {"metric": sweep.metric, "goal": sweep.goal, "best": best.number}
        return best.outcome.made, said, own | {"trials": [trial.record() for trial in self.trials]}

    def _line_up(self, study: "optuna.Study") -> None:
        sizes = [range(len(each.arguments["values"])) for each in self._sweep.space.values()]
        points = list(itertools.islice(itertools.product(*sizes), self._most))
        for point in points:
            study.enqueue_trial(dict(zip(self._sweep.space, point, strict=True)))
        self._most = len(points)


def _draw(asked: "optuna.Trial", name: str, of: Distribution) -> Any:
    """A value of an input: optuna draws the place in a list, or a quantile of the distribution."""
    said = of.arguments
    if of.kind == "choice":
        return said["values"][asked.suggest_categorical(name, range(len(said["values"])))]
    drawn = asked.suggest_float(name, TAILS, 1 - TAILS)
    if of.kind == "randint":
        return int(drawn * int(said["upper"]))
    if "normal" in of.kind:
        value = NormalDist(float(said["mu"]), float(said["sigma"])).inv_cdf(drawn)
    else:
        low, high = float(said["min_value"]), float(said["max_value"])
        value = low + drawn * (high - low)
    value = math.exp(value) if "log" in of.kind else value
    return round(value / said["q"]) * said["q"] if of.kind.startswith("q") else value


def _figure(value: float | None) -> str:
    return "missing" if value is None else f"{value:.6g}"
