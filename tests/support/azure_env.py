"""An interpreter with the locked packages of jobs in Azure, the official client among them."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "<<cookiecutter.project_slug>>" / "requirements" / "azure.txt"
CACHE = ROOT / ".cache"


@pytest.fixture(scope="session")
def azure_python() -> Path:
    """Made again only when the lock or Python changes, and kept between test runs; parallel workers wait."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    environment = CACHE / f"azure-{digest[:12]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "azure.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = environment / ".complete"
        if not complete.exists():
            for outdated in CACHE.glob("azure-*"):
                shutil.rmtree(outdated)
            _make(environment)
            complete.touch()
    return environment / "bin" / "python"


def _make(environment: Path) -> None:
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv, "uv is missing: `make setup` puts it into .venv"
    python = environment / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", LOCK]
    subprocess.run(install, check=True)
