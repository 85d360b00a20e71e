"""CI systems on the loopback interface, and this process as a step of a job of theirs."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mlops import platform
from mlops.ci import rest
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import NUMBER, REPOSITORY, GitHub
from tests.emulator.ci.server import served
from tests.mlops.ci.approvals import ACCOUNTS, authored, opened
from tests.mlops.evidence.conftest import AUTHOR, Release
from tests.mlops.evidence.conftest import release as release
from tests.mlops.evidence.conftest import released as released
from tests.mlops.evidence.conftest import scratch as scratch
from tests.support.project import Project

OUTER = ("GITHUB_", "SYSTEM_", "BUILD_", "TF_BUILD", "MLOPS_FINDINGS", "ENVIRONMENT_NAME")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in CI, wherever these tests run; and nothing is waited for."""
    for name in [each for each in os.environ if each.startswith(OUTER)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(rest, "PAUSES", (0, 0))


@pytest.fixture
def event(tmp_path: Path) -> Callable[[str | None], Path]:
    """The file of the event of a pull request, from a repository of that name."""

    def written(source: str | None = REPOSITORY) -> Path:
        head = {"repo": source and {"full_name": source}}
        file = tmp_path / "event.json"
        file.write_text(json.dumps({"pull_request": {"number": NUMBER, "head": head}}))
        return file

    return written


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, event: Callable[[str | None], Path]) -> Iterator[GitHub]:
    with served(GitHub()) as service:
        for name, text in service.variables().items():
            monkeypatch.setenv(name, text)
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event(REPOSITORY)))
        yield service


@pytest.fixture
def azure_devops(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureDevOps]:
    with served(AzureDevOps()) as service:
        for name, text in service.variables().items():
            monkeypatch.setenv(name, text)
        yield service


@pytest.fixture(scope="session")
def approvable(released: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A model that somebody has to approve for prod, and people with accounts."""
    path = Project(released.path).copy(tmp_path_factory.mktemp("asks") / "project").path
    release = replace(released, path=path, platform=platform.open("local", path))
    release.set(ACCOUNTS, "people", "accounts")
    release.set("always", "release", "approval")
    authored(release, AUTHOR)
    return release


@pytest.fixture
def asks(approvable: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """The same, with nothing approved yet; afterwards it is again as it was."""
    project, ledger = Project(approvable.path), approvable.path / ".mlops" / "ledger"
    began, kept = project.git("rev-parse", "HEAD"), shutil.copytree(ledger, tmp_path / "ledger")
    monkeypatch.chdir(approvable.path)
    monkeypatch.setattr("mlops.commands.release.open_platform", opened(approvable))
    yield approvable
    project.git("reset", "--quiet", "--keep", began)
    shutil.rmtree(ledger)
    shutil.copytree(kept, ledger)
