"""The local runner's own cost: a node in a chain, 50 nodes side by side, and the runner's memory."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import in_turn, machine, once, report
from pipelines import do_nothing, generate

RUNS, SIDE_BY_SIDE = 3, 50
MEASURED = """
import resource, runpy, sys
sys.argv = ["mlops", *sys.argv[1:]]
try:
    runpy.run_module("mlops", run_name="__main__")
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        project = generate(Path(scratch))
        environment = {"PYTHONPATH": str(project / "src")}
        jobs = {"few": do_nothing(5), "many": do_nothing(SIDE_BY_SIDE), "chain": chain(5), "long": chain(25)}
        for name, text in jobs.items():
            (project / f"{name}.yml").write_text(text)

        def run(name: str) -> float:
            return once([sys.executable, "-m", "mlops", "run", f"{name}.yml", "--fresh"], project, environment)

        print(machine("mlflow"))
        run("few")
        timed = in_turn(RUNS, **{name: lambda name=name: run(name) for name in jobs})
        median = {name: timing.median for name, timing in timed.items()}
        report(
            "Runner",
            [
                (
                    "a do-nothing node in a chain (slope between 5 and 25)",
                    (median["long"] - median["chain"]) / 20,
                    "s",
                    "at most 0.2",
                ),
                (f"{SIDE_BY_SIDE} do-nothing nodes side by side, whole run", median["many"], "s", ""),
                ("of which each", (median["many"] - median["few"]) / (SIDE_BY_SIDE - 5), "s", "at most 0.2"),
                ("peak memory of the runner, 5 nodes", memory(project, environment, "few"), "MB", ""),
                (f"peak memory of the runner, {SIDE_BY_SIDE} nodes", memory(project, environment, "many"), "MB", ""),
            ],
        )


def chain(count: int) -> str:
    """A pipeline whose nodes wait for each other."""
    nodes = []
    for number in range(count):
        node = f"  n{number}:\n    command: 'true'\n    environment: azureml:none@latest\n    outputs: {{out: }}\n"
        before = f"    inputs: {{x: '${{{{parent.jobs.n{number - 1}.outputs.out}}}}'}}\n" if number else ""
        nodes.append(node + before)
    return f"type: pipeline\ndisplay_name: chain\njobs:\n{''.join(nodes)}"


def memory(project: Path, environment: dict[str, str], name: str) -> float:
    command = [sys.executable, "-c", MEASURED, "run", f"{name}.yml", "--fresh"]
    done = subprocess.run(command, cwd=project, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return int(done.stdout.split()[-1]) / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
