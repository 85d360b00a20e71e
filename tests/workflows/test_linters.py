"""The linters of the field find nothing in the workflows of any project, and would find something."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.support.project import TEMPLATE, Completed, Project
from tests.workflows.conftest import Projects
from tests.workflows.model import AZURE, GITHUB

pytestmark = pytest.mark.xdist_group("workflows")

BIN = Path(sys.executable).parent
SCHEMA = [BIN / "check-jsonschema", "--builtin-schema"]
PIPELINES = ["vendor.azure-pipelines", "--regex-variant", "nonunicode", "--data-transform", "azure-pipelines"]
ACTIONLINT = TEMPLATE / "tests" / "tools" / "actionlint" / "build.sh"
NO_JOB = "\nsteps:\n  - script: make help\n"
"""The schema knows templates of stages, jobs and steps, but none that holds nothing but variables."""


@pytest.fixture(scope="module")
def github(projects: Projects) -> list[Path]:
    return [each.path for (system, _), each in projects.items() if system == GITHUB]


@pytest.fixture(scope="module")
def actionlint() -> list[str | Path]:
    built = subprocess.run(["sh", ACTIONLINT], capture_output=True, encoding="utf-8")
    if built.returncode == 3:
        pytest.skip(f"NOT CHECKED by actionlint: {built.stderr.strip()}")
    assert built.returncode == 0, built.stderr
    return [built.stdout.strip(), "-shellcheck=", "-pyflakes="]


def ran(*command: str | Path) -> Completed:
    return subprocess.run(command, capture_output=True, encoding="utf-8")


def zizmor(folders: Sequence[Path]) -> Completed:
    return ran(BIN / "zizmor", "--pedantic", "--offline", "--no-progress", *(each / ".github" for each in folders))


def workflows(folders: Sequence[Path]) -> list[Path]:
    return [file for each in folders for file in sorted(each.glob(".github/workflows/*.yml"))]


def test_zizmor_finds_nothing_at_its_strictest(github: list[Path]):
    done = zizmor(github)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stderr + done.stdout


def test_it_is_told_to_overlook_two_things_and_why(reference: Project):
    config = reference.path / ".github" / "zizmor.yml"
    assert yaml.safe_load(config.read_text()) == {"rules": {"self-repository": {"disable": True}}}
    texts = [file.read_text() for file in reference.path.glob(".github/**/*.yml")]
    told = [line for text in texts for line in text.splitlines() if "zizmor: ignore" in line]
    assert [line.partition("# zizmor: ")[2].partition("]")[0] for line in told] == ["ignore[github-env"]
    assert "disable: true # " in config.read_text() and "] nobody" in told[0]


def test_actionlint_finds_nothing(github: list[Path], actionlint: list[str | Path]):
    done = ran(*actionlint, *workflows(github))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("vendor.github-actions", "actions/*/action.yml"),
        ("vendor.dependabot", "dependabot.yml"),
    ],
)
def test_each_file_of_github_is_as_its_schema_has_it(github: list[Path], schema: str, files: str):
    found = [file for each in github for file in each.glob(f".github/{files}")]
    done = ran(*SCHEMA, schema, *found)
    assert found and done.returncode == 0, done.stdout


def test_each_file_of_azure_devops_is_as_its_schema_has_it(projects: Projects, tmp_path: Path):
    folders = [each.path for (system, _), each in projects.items() if system == AZURE]
    files = [file for each in folders for file in sorted(each.glob(".azuredevops/**/*.yml"))]
    for number, each in enumerate([file for file in files if file.name == "variables.yml"]):
        whole = tmp_path / f"{number}.yml"
        whole.write_text(each.read_text() + NO_JOB)
        files[files.index(each)] = whole
    done = ran(*SCHEMA, *PIPELINES, *files)
    assert done.returncode == 0, done.stdout


def poisoned(project: Path, to: Path, file: str, right: str, wrong: str) -> Path:
    """The CI files of a project, one of them changed."""
    folder = file.partition("/")[0]
    shutil.copytree(project / folder, to / folder)
    text = (to / file).read_text()
    assert right in text
    (to / file).write_text(text.replace(right, wrong, 1))
    return to


def test_zizmor_would_find_an_action_that_somebody_else_can_change(reference: Project, tmp_path: Path):
    pin = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
    done = zizmor([poisoned(reference.path, tmp_path, ".github/workflows/check.yml", pin, "actions/checkout@v6")])
    assert done.returncode and "unpinned-uses" in done.stdout


def test_actionlint_would_find_a_job_that_nobody_has(reference: Project, tmp_path: Path, actionlint: list[str | Path]):
    bad = poisoned(reference.path, tmp_path, ".github/workflows/promote.yml", "needs: staging", "needs: stagging")
    done = ran(*actionlint, bad / ".github/workflows/promote.yml")
    assert done.returncode == 1 and '"stagging"' in done.stdout


def test_the_schemas_would_find_a_key_that_means_nothing(projects: Projects, reference: Project, tmp_path: Path):
    bad = poisoned(reference.path, tmp_path, ".github/workflows/tick.yml", "timeout-minutes:", "timeout:")
    done = ran(*SCHEMA, "vendor.github-workflows", bad / ".github/workflows/tick.yml")
    assert done.returncode == 1 and "'timeout' was unexpected" in done.stdout
    azure = projects[AZURE, "online-and-batch"].path
    bad = poisoned(azure, tmp_path, ".azuredevops/templates/promote.yml", 'timeoutInMinutes: "240"', "timeout: 240")
    done = ran(*SCHEMA, *PIPELINES, "--verbose", bad / ".azuredevops/templates/promote.yml")
    assert done.returncode == 1 and "('timeout' was unexpected)" in done.stdout
