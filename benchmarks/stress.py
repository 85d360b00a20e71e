"""`python stress.py [SECONDS]`: how the default server bears load, up to three times what it can do.

The picture is written to stress.svg in the folder for temporary files. Server and callers share this machine.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from measure import ROOT, machine, once, report
from pipelines import generate
from serving import body, free, running

sys.path.insert(0, str(ROOT / "<<cookiecutter.project_slug>>" / "src"))

from mlops.platform.endpoint import Door  # noqa: E402
from mlops.release import stress  # noqa: E402
from mlops.settings import Online  # noqa: E402

ROWS = 200
ONLINE = Online(p95_ms=100, availability=0.995, requests_per_second=20)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Door, list[bytes], int]]:
    """The reference project's model behind its server, with the log on: its door, rows to ask, its process."""
    project = generate(folder)
    source = {"PYTHONPATH": str(project / "src")}
    once([sys.executable, "-m", "mlops", "run", "azureml/pipelines/train.yml"], project, source)
    model, port = next(project.glob(".mlops/runs/*/outputs/train/model")), free()
    options = {"model": model, "port": port, "spool": folder / "spool"}
    command = [sys.executable, "-m", "mlops.serving", *(f"--{name}={value}" for name, value in options.items())]
    bodies = [json.dumps({"rows": [row]}).encode() for row in json.loads(body(project, ROWS))["rows"]]
    with running(command, port, source, folder) as (process, _):
        yield Door(f"http://127.0.0.1:{port}/score", {}), bodies, process.pid


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as (door, bodies, _):
        found = stress.measured(door, bodies, ONLINE, seconds)
    print(machine("uvicorn", "uvloop", "httptools", "msgspec", "onnxruntime", "numpy"))
    print(f"\n{'offered':>10} {'answered':>10} {'median ms':>10} {'p95 ms':>10} {'refused':>10}")
    for each in found.points:
        times = "".join(f"{'none' if ms is None else f'{ms:.1f}':>11}" for ms in (each.p50, each.p95))
        print(f"{each.offered:10,.0f} {each.accepted:10,.0f}{times} {each.rejected:10.1%}")
    recovery = float("inf") if found.recovery_seconds is None else found.recovery_seconds
    lines = [
        (f"requests a second, 95 % within {ONLINE.p95_ms:g} ms, 0.5 % refused", found.capacity_rps, "", ""),
        ("well again after three times saturation", recovery, "s", "at most 10"),
    ]
    report("Stress", lines)
    stress.draw(asdict(found), "The default server", ONLINE, to := Path(tempfile.gettempdir(), "stress.svg"))
    print(f"\npicture: {to}")


if __name__ == "__main__":
    main()
