"""`this-change` is the model of this run of CI, whatever others have registered since."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mlops.ci import here
from mlops.ci.change import this_change
from mlops.cli import app
from mlops.errors import Misuse
from mlops.evidence import entries
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import REPOSITORY, RUN, GitHub
from tests.mlops.evidence.conftest import Release
from tests.support.project import Project

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": REPOSITORY}


def of(run: str) -> dict[str, str]:
    url = f"https://github.com/{REPOSITORY}/actions/runs/{run}"
    return {"system": "github-actions", "run": run, "url": url}


def found(release: Release) -> str:
    return this_change(release.platform, entries.read(release.platform, release.settings)[0])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is a step of run RUN on GitHub."""
    for name, text in {**GITHUB, "GITHUB_RUN_ID": RUN}.items():
        monkeypatch.setenv(name, text)


def test_each_system_says_in_which_run_we_are(
    monkeypatch: pytest.MonkeyPatch, github: GitHub, azure_devops: AzureDevOps
):
    assert here.current() == of(RUN)
    monkeypatch.delenv("GITHUB_ACTIONS")
    url = f"{azure_devops.url}/agency/Income%20Support/_build/results?buildId=815"
    assert here.current() == {"system": "azure-devops", "run": "815", "url": url}
    monkeypatch.delenv("TF_BUILD")
    assert here.current() is None


@pytest.mark.usefixtures("run")
def test_a_variable_that_ci_does_not_set_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITHUB_RUN_ID")
    with pytest.raises(Misuse, match="the variable GITHUB_RUN_ID is not set"):
        here.current()


@pytest.mark.usefixtures("run")
def test_it_is_the_newest_of_this_run_and_not_of_one_that_came_later(release: Release):
    with pytest.raises(Misuse, match=f"has registered no model: .*/actions/runs/{RUN}"):
        found(release)
    release.state(ci=of(RUN))
    release.state(ci=of(RUN))
    release.state(ci=of("9999"))
    release.state(ci={**of(RUN), "system": "azure-devops"})
    assert found(release) == "triage:3"


@pytest.mark.usefixtures("run")
def test_it_is_found_too_where_another_run_had_registered_the_same_bytes(release: Release):
    release.state(ci=of(RUN))
    again = {**release.says, "ci": of(RUN), "time": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
    first = release.platform.models.get("triage:1")
    entries.add(release.platform, release.settings, "dev", "build", {"triage": first.digest}, again)
    assert found(release) == "triage:1", "its statement is the newest of this run"


@pytest.mark.usefixtures("run")
def test_a_statement_that_nobody_trusted_signed_does_not_count(release: Release):
    digest = release.platform.models.get("triage:1").digest
    entries.add(release.platform, release.settings, "dev", "build", {"triage": digest}, {**release.says, "ci": of(RUN)})
    release.set({}, "evidence", "trusted_keys", "dev")
    with pytest.raises(Misuse, match="has registered no model"):
        found(release)


def commands(group: Any, *path: str) -> Iterator[tuple[list[str], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield [*path, name], command


COMMANDS = [
    path
    for path, command in commands(typer.main.get_group(app))
    if path[0] != "data" and any("name:3" in str(getattr(each, "help", "")) for each in command.params)
]
MORE: dict[str, list[str]] = {"sign": ["--role", "owner"], "score": ["--input", "x", "--output", "y"]}


def test_the_commands_that_take_a_model_are_known():
    assert sorted(map(" ".join, COMMANDS)) == [
        "explain", "models card", "models share", "models show", "release approve", "release sign", "release start",
        "release verify", "report", "score", "serve",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [*COMMANDS, ["release", "rollback"]], ids=" ".join)
def test_every_command_that_takes_a_model_takes_it(
    path: list[str], reference: Project, monkeypatch: pytest.MonkeyPatch
):
    """Outside CI each says what it lacks, before anything else."""
    monkeypatch.chdir(reference.path)
    model = ["--to", "this-change", "--reason", "why"] if path[-1] == "rollback" else ["this-change"]
    on = ["--on", "local"] if path[-1] in ("approve", "share") else []
    done = CliRunner().invoke(app, [*path, *model, *MORE.get(path[-1], []), *on])
    assert isinstance(done.exception, Misuse), done.output
    assert "this is no run of CI" in str(done.exception)


def test_on_is_read_before_the_model_wherever_it_is_typed(monkeypatch: pytest.MonkeyPatch, reference: Project):
    asked = list[str]()

    def opened(on: str = "local") -> Any:
        asked.append(on)
        raise Misuse("far enough")

    monkeypatch.setattr("mlops.commands.common.open_platform", opened)
    monkeypatch.chdir(reference.path)
    for words in (["this-change", "--on", "staging"], ["--on", "staging", "this-change"]):
        CliRunner().invoke(app, ["release", "verify", *words])
    assert asked == ["staging", "staging"]
