"""What a person types in a new project works there, in an environment of its own, for each CI system."""

import sys
from pathlib import Path

import pytest

from tests.support.project import Completed, Project, environment, render

pytestmark = pytest.mark.network
HERE = f"3.{sys.version_info.minor}"
ANSWERS = {
    "github-actions": {},
    "azure-devops": {
        "project_name": 'Fish & "chips": yes',
        "package_name": "fish",
        "serving": "batch",
        "licence": "proprietary",
        "azure_region": "germanywestcentral",
    },
}


NOT_AGAIN = {"github-actions": "", "azure-devops": "--ignore=tests/e2e"}
"""What of a project's own tests no answer changes."""


@pytest.fixture(scope="module", params=[pytest.param(ci, marks=pytest.mark.xdist_group(ci)) for ci in ANSWERS])
def new(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after `make setup`."""
    ci = request.param
    answers = {"ci_system": ci, "python_version": HERE} | ANSWERS[ci]
    project = Project(render(tmp_path_factory.mktemp(ci), **answers))
    done = make(project, "setup")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def make(project: Project, *targets: str, **variables: str) -> Completed:
    tools = str(Path(sys.executable).parent)
    return project.run("make", *targets, PYTHONPATH="", PATH=f"{environment()['PATH']}:{tools}", **variables)


def test_what_a_person_types_works(new: Project, request: pytest.FixtureRequest):
    ci = request.node.callspec.params["new"]
    again = make(new, "setup")
    assert "Nothing to be done" in again.stdout

    for target, options in (("lint", ""), ("test", NOT_AGAIN[ci])):
        done = make(new, target, PYTEST_ADDOPTS=options)
        assert done.returncode == 0, done.stdout + done.stderr

    hooks = new.run(".venv/bin/pre-commit", "run", "--all-files")
    assert hooks.returncode == 0, hooks.stdout + hooks.stderr
    assert new.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "new", [pytest.param("github-actions", marks=pytest.mark.xdist_group("github-actions"))], indirect=True
)
def test_a_platform_engineer_checks_the_infrastructure_without_a_login(new: Project):
    done = make(new, "infra-setup")
    assert done.returncode == 0, done.stdout + done.stderr
    checked = make(new, "infra-check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("no violations of the policies") == 3
    assert "Not onboarded yet" in checked.stdout
    tested = make(new, "infra-test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert new.git("status", "--porcelain") == ""


INFRA = ("setup", "check", "preview", "up", "adopt", "drift", "empty", "destroy", "test", "rights")


def test_help_lists_what_there_is(new: Project):
    listed = {line.split()[1] for line in make(new, "help").stdout.splitlines()}
    infra = {f"infra-{what}" for what in INFRA}
    assert {
        "setup",
        "setup-azure",
        "azure-check",
        "repo-setup",
        "pulumi",
        "lint",
        "test",
        "poison",
        "run",
        "ui",
        "owners",
        "audit",
        "sbom",
        "secrets",
        "clean",
        "lock",
        *infra,
    } == listed - {"help"}


def test_clean_leaves_runs_and_environment(new: Project):
    (new.path / ".mlops").mkdir(exist_ok=True)
    (new.path / "src" / "__pycache__").mkdir(exist_ok=True)
    assert make(new, "clean").returncode == 0
    assert (new.path / ".mlops").is_dir()
    assert (new.path / ".venv").is_dir()
    assert not list((new.path / "src").rglob("__pycache__"))


def test_without_a_python_that_is_new_enough_setup_says_so(new: Project, tmp_path: Path):
    (tmp_path / "python3").symlink_to("/bin/false")
    for tool in ("sh", "make", "cat", "dirname", "touch"):
        found = next(path for folder in ("/usr/bin", "/bin") if (path := Path(folder, tool)).exists())
        (tmp_path / tool).symlink_to(found)
    (new.path / ".python-version").touch()
    done = new.run("make", "setup", PATH=str(tmp_path))
    assert done.returncode == 2
    assert f"Python {HERE} or newer was not found" in done.stderr
