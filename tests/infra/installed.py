"""What `make setup` would bring from the package index, without one."""

import sys
import time
from pathlib import Path

from tests.infra.reached import PYTHON, QUICK

WITHOUT = 'import os, sys\nos.path.exists(os.path.join({place!r}, ".azure")) or sys.modules.update(azure=None)\n'
"""Before `make setup-azure` the packages are not there."""


def install(target: str, project: Path, engine: Path) -> None:
    """What a target of `make setup …` brings to a project; `engine` is the folder of `pulumi`.

    Its interpreters are those of the tests; what `make` compares is new, so it has nothing to do.
    """
    bin, infra = project / ".venv" / "bin", project / "infra" / ".venv"
    bin.mkdir(parents=True, exist_ok=True)
    source, python = project / "src", bin / "python"
    if target == "setup" and not python.exists():
        script(python, f'PYTHONPATH={source} exec {PYTHON} "$@"')
        (bin / "mlops.py").write_text(WITHOUT.format(place=str(project / ".venv")) + QUICK.format(python=python))
        script(bin / "mlops", f'exec {python} -P {bin / "mlops.py"} "$@"')
    if target == "infra-setup" and not infra.exists():
        (infra / "bin").mkdir(parents=True)
        script(infra / "bin" / "python", f'PYTHONPATH={source} exec {sys.executable} "$@"')
    if target == "pulumi":
        for tool in engine.iterdir():
            script(bin / tool.name, f'exec {tool} "$@"')
    for name in {"setup": (".created", ".synced"), "setup-azure": (".azure",)}.get(target, ()):
        (project / ".venv" / name).touch()
        time.sleep(0.01)
    if target == "infra-setup":
        (infra / ".synced").touch()


def script(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)
