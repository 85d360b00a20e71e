"""The runner's own cost: start-up, a do-nothing node, the reference training from nothing and fully reused."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import ROOT, Timing, in_turn, machine, once, ratio, report

RUNS = 5
FEW, MANY = 5, 25


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        project = generate(Path(scratch))
        environment = {"PYTHONPATH": str(project / "src")}

        def python(*arguments: str) -> float:
            return once([sys.executable, *arguments], project, environment)

        def mlops(*arguments: str) -> float:
            return python("-m", "mlops", *arguments)

        print(machine("mlflow", "polars", "lightgbm", "onnxruntime"))
        starts = in_turn(RUNS, help=lambda: mlops("--help"), python=lambda: python("-c", "pass"))
        report("Start", [("mlops --help", starts["help"].median, "s", "at most 0.4")])

        for count in (FEW, MANY):
            (project / f"{count}.yml").write_text(do_nothing(count))
        mlops("run", "5.yml")
        timed = in_turn(
            RUNS,
            few=lambda: mlops("run", "5.yml", "--fresh"),
            many=lambda: mlops("run", "25.yml", "--fresh"),
            mlflow=lambda: python("-c", "import mlflow"),
        )
        slope = (timed["many"].median - timed["few"].median) / (MANY - FEW)
        report(
            "Runner",
            [
                ("a do-nothing node (slope between 5 and 25)", slope, "s", "at most 0.2"),
                ("start-up (5 nodes, less their slope)", timed["few"].median - FEW * slope, "s", ""),
                ("of which `import mlflow`", timed["mlflow"].median, "s", ""),
            ],
        )
        training(project, mlops, python)


def training(project: Path, mlops, python) -> None:
    train = "azureml/pipelines/train.yml"

    def cold() -> float:
        shutil.rmtree(project / ".mlops", ignore_errors=True)
        return mlops("run", train)

    def by_hand() -> float:
        src, data = project / "src", project / "data" / "applications.parquet"
        out = project / ".mlops" / "by-hand"
        evaluation = next((project / ".mlops").rglob("metrics.json")).parent
        steps = (
            ("validate", "--source", f"applications={data}", "--verdicts", out, "--recipe", out / "recipe.json"),
            ("gate", "--verdicts", out, "--evaluation", evaluation, "--gated", out),
        )
        out.mkdir(exist_ok=True)
        settings = ("--settings", str(project / "mlops.yaml"))
        tracked = {"PYTHONPATH": str(src), **run_of(project)}
        return sum(
            once([sys.executable, "-m", f"mlops.steps.{name}", *settings, *map(str, rest)], src, tracked)
            for name, *rest in steps
        )

    first = in_turn(3, cold=cold)
    again = in_turn(
        3, reused=lambda: mlops("run", train), mlflow=lambda: python("-c", "import mlflow"), by_hand=by_hand
    )
    allowed = [
        2 * mlflow + hand for mlflow, hand in zip(again["mlflow"].seconds, again["by_hand"].seconds, strict=True)
    ]
    report(
        "Training on 48,842 rows",
        [
            ("train.yml, nothing cached", first["cold"].median, "s", "at most 40"),
            ("train.yml, everything reused but validate and gate", again["reused"].median, "s", ""),
            ("2 × `import mlflow`, validate and gate by hand", sorted(allowed)[1], "s", ""),
            ("ratio", ratio(again["reused"], Timing("allowed", tuple(allowed))), "×", "at most 1"),
        ],
    )


def run_of(project: Path) -> dict[str, str]:
    """Environment of a step that logs to a run of the project, as the runner sets it."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    uri = f"sqlite:///{project / '.mlops' / 'mlflow.db'}"
    client = MlflowClient(uri)
    name = client.search_experiments()[0].experiment_id
    return {"MLFLOW_TRACKING_URI": uri, "MLFLOW_RUN_ID": client.create_run(name).info.run_id}


def do_nothing(count: int) -> str:
    nodes = "".join(
        f"  n{number}:\n    command: 'true'\n    environment: azureml:none@latest\n" for number in range(count)
    )
    return f"type: pipeline\ndisplay_name: nothing\njobs:\n{nodes}"


def generate(folder: Path) -> Path:
    once([sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(folder), str(ROOT)], folder)
    return next(path for path in folder.iterdir() if (path / "mlops.yaml").is_file())


if __name__ == "__main__":
    main()
