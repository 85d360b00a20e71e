"""CI systems on the loopback interface, and this process as a step of a job of theirs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlops.ci import rest
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import NUMBER, REPOSITORY, GitHub
from tests.emulator.ci.server import served
from tests.mlops.evidence.conftest import release as release
from tests.mlops.evidence.conftest import released as released
from tests.mlops.evidence.conftest import scratch as scratch

OUTER = ("GITHUB_", "SYSTEM_", "BUILD_", "TF_BUILD", "MLOPS_FINDINGS", "ENVIRONMENT_NAME")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in CI, wherever these tests run; and nothing is waited for."""
    import os

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
