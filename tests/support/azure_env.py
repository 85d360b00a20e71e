"""Interpreters with locked packages that the tests' own cannot have: of jobs in Azure, of Azure ML's own server."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "<<cookiecutter.project_slug>>"
CACHE = ROOT / ".cache"


@pytest.fixture(scope="session")
def azure_python() -> Path:
    """With the packages of jobs in Azure, the official client among them."""
    return kept("azure", PROJECT / "requirements" / "azure.txt")


@pytest.fixture(scope="session")
def inference_python() -> Path:
    """With Azure ML's own inference server."""
    return kept("inference", PROJECT / "requirements" / "inference-server" / "requirements.txt")


def kept(name: str, lock: Path) -> Path:
    """Made again only when the lock or Python changes, and kept between test runs; parallel workers wait."""
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    environment = CACHE / f"{name}-{digest[:12]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        complete = environment / ".complete"
        if not complete.exists():
            for outdated in CACHE.glob(f"{name}-*"):
                shutil.rmtree(outdated)
            _make(environment, lock)
            complete.touch()
    return environment / "bin" / "python"


def _make(environment: Path, lock: Path) -> None:
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv, "uv is missing: `make setup` puts it into .venv"
    python = environment / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", lock]
    subprocess.run(install, check=True)
