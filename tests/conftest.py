"""The reference project, rendered once and trained once for all workers; its model package imports from it."""

import compileall
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

from tests.support.azure_env import PROJECT
from tests.support.azure_env import azure_python as azure_python
from tests.support.azure_env import inference_python as inference_python
from tests.support.project import Project, generate, render

sys.dont_write_bytecode = True  # here, where a module is changed and imported again within a second
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # but each process that is started would compile all that it imports
REFERENCE = pytest.StashKey[Project]()
FIRST = ("journeys", "project", "azureml", "generate")
"""Folders whose tests take the longest."""


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("reference")
    if given is None:
        compileall.compile_dir(PROJECT, quiet=2)  # now, as nobody may write where another worker reads
        folder = Path(tempfile.mkdtemp(prefix="reference-"))
        config.add_cleanup(lambda: shutil.rmtree(folder))
        done = generate(folder, home=folder / "home")
        if done.returncode:
            raise pytest.UsageError(f"the template does not render:\n{done.stdout}{done.stderr}")
        given = folder / "income-support-triage"
        compileall.compile_dir(given, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)  # copies change soon
    config.stash[REFERENCE] = Project(Path(given))
    sys.path.append(str(Path(given, "src")))  # the model package; mlops comes from the template itself


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["reference"] = str(node.config.stash[REFERENCE].path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that no worker is left alone with one at the end."""
    root = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(root).parts[0] not in FIRST)


@pytest.fixture(scope="session")
def reference(pytestconfig: pytest.Config) -> Project:
    """The reference project that all tests share: read it, never write to it."""
    return pytestconfig.stash[REFERENCE]


@pytest.fixture(scope="session")
def trained(reference: Project) -> Project:
    """The reference project with its model registered as version 1: copy it to change it, or to run something."""
    project = Project(reference.path.with_name("trained"))
    with reference.path.with_name("trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not project.path.exists():
            draft = reference.copy(Path(tempfile.mkdtemp(dir=reference.path.parent)) / "project")
            done = draft.mlops("run", "azureml/pipelines/train.yml", "--register", "-m", "a first look")
            assert done.returncode == 0, done.stdout + done.stderr
            draft.path.rename(project.path)
    return project


@pytest.fixture
def project(reference: Project, tmp_path: Path) -> Project:
    """A copy of the reference project to change."""
    return reference.copy(tmp_path / "project")


@pytest.fixture(name="render")
def render_in_tmp_path(tmp_path: Path) -> Callable[..., Project]:
    """Generate a project with answers: `render(python_version="3.12")`."""
    return lambda **answers: Project(render(tmp_path, **answers))
