"""False alarms: how often each gate refuses a model that is as good as the reference's, made of other clean rows.

Each time four fifths of the rows are drawn anew, and the model is trained with another seed. It is trained only once:
the gate reproducibility gets the same bytes. All data gates on a million rows are in validation.py.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measure import Timing, machine, report
from pipelines import generate

RESAMPLES, SHARE = 50, 0.8


def main() -> None:
    resamples = int(sys.argv[1]) if len(sys.argv) > 1 else RESAMPLES
    alarms: Counter[str] = Counter()
    seconds = []
    with tempfile.TemporaryDirectory() as scratch:
        project = generate(Path(scratch))
        sys.path.insert(0, str(project / "src"))
        params = parameters(project)
        for seed in range(resamples):
            verdicts, took = judged(project, Path(scratch, "files"), seed, params)
            refused = [each for each in verdicts if not each["passed"] and not each["waiver"]]
            alarms.update({each["gate"] for each in refused})
            alarms.update(["any gate"] if refused else [])
            seconds.append(took)
            for each in refused:
                print(f"resample {seed}: {each['gate']}: {each['why']}", flush=True)
        gates = sorted({each["gate"] for each in verdicts})
    print(machine("polars", "lightgbm", "onnxruntime"))
    report(
        f"False alarms in {resamples} clean resamples",
        [(gate, float(alarms[gate]), "", "") for gate in ["any gate", *gates]],
    )
    report("The gate step", [("on the reference project", Timing("gate", tuple(seconds)).median, "s", "at most 20")])


def parameters(project: Path) -> list[str]:
    """The hyper-parameters of train.yml."""
    from mlops.specs.bind import bind

    job = bind(project / "azureml" / "pipelines" / "train.yml", project=project)
    [inputs] = [node.inputs for node in job.nodes if node.name == "train"]
    return [f"{name}={value.text}" for name, value in inputs.items() if hasattr(value, "text") and name != "seed"]


def judged(project: Path, to: Path, seed: int, params: list[str]) -> tuple[list[dict], float]:
    """The verdicts on a model made of other rows, and the seconds that the gate step took."""
    import polars as pl

    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    table = pl.read_parquet(project / "data" / "applications.parquet")
    table.sample(fraction=SHARE, seed=seed).write_parquet(to / "applications.parquet")

    def work(step: str, *more: str, **paths: Path) -> float:
        options = [f"--{name}={path}" for name, path in paths.items()]
        command = [sys.executable, "-m", f"mlops.steps.{step}", *options, *more]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=project / "src", env={**os.environ, "PYTHONPATH": ""}, capture_output=True)
        if done.returncode not in (0, 10):
            sys.exit(f"{step}: {done.stdout.decode()}{done.stderr.decode()}")
        return time.perf_counter() - start

    here = {"settings": project / "mlops.yaml", "responsible_ai": project / "responsible_ai"}
    source = f"--source=applications={to / 'applications.parquet'}"
    rows = {"recipe": to / "recipe.json", "rows": to / "rows"}
    model = {"model": to / "model", "baselines": to / "baselines", "training": to / "training.json"}
    work("validate", source, verdicts=to, recipe=to / "recipe.json", **here)
    work("prepare", source, verdicts=to, **rows)
    work("train", f"--seed={seed}", "--params", *params, **rows, **model)
    work("evaluate", evaluation=to / "evaluation", **rows, **model)
    shutil.copytree(to / "model", to / "retrained" / "model")
    given = {name: to / name for name in ("rows", "model", "evaluation", "retrained", "gated")}
    took = work("gate", verdicts=to, **here, **given)
    return json.loads((to / "gated" / "verdicts.json").read_text())["verdicts"], took


if __name__ == "__main__":
    main()
