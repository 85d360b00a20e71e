"""The ways into an environment, and what is said when one is closed."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.ai.ml._artifacts import _blob_storage_helper
from azure.ai.ml.entities import BuildContext, Environment
from azure.core.pipeline.transport import HttpTransport

from mlops.errors import Failure
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from mlops.platform.azure.sentences import said
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import GROUP
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.seen import Seen
from tests.support.project import Project


def test_who_is_signed_in_reads_the_workspace(azure: Azure) -> None:
    assert azure.ask("GET", f"{azure.names.workspace_id}?api-version=2024-10-01")["name"] == "mlw-lend"
    assert list(azure.ml.data.list()) == []


def test_an_assertion_that_has_expired_is_said(
    azure: Azure, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late.jwt").write_text(cloud.directory.assertion("a data scientist", minutes=-1))
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "late.jwt"))
    with pytest.raises(Failure, match="the login has expired. `az login` again"):
        azure.ask("GET", f"{azure.names.workspace_id}?api-version=2024-10-01")


@pytest.mark.parametrize("command", [("release", "history"), ("data", "list")], ids=["blobs", "workspace"])
def test_who_is_not_signed_in_is_asked_once_and_reads_one_sentence(
    names: Names, project: Project, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """`az` says what it says to somebody who has not logged in."""
    bin, asked = tmp_path / "bin", tmp_path / "asked.txt"
    bin.mkdir()
    (bin / "az").write_text(f"""#!/bin/sh\necho "$@" >> {asked}\necho "Please run 'az login'" >&2\nexit 1\n""")
    (bin / "az").chmod(0o755)
    variables = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "PATH": f"{bin}:{os.environ['PATH']}"}
    done = project.mlops(*command, "--on", "dev", **variables, MLOPS_ENV_DEV=json.dumps(asdict(names)))
    said = "nobody is signed in to Azure here. `az login`, then repeat the same command.\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", said)
    [once] = asked.read_text().splitlines()
    assert "get-access-token" in once


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Something whose files the client sends itself. To wait for them for ever is an error at once."""

    def waits(seconds: float) -> None:
        raise AssertionError("it waits for a file that is never sent")

    monkeypatch.setattr(_blob_storage_helper, "time", SimpleNamespace(sleep=waits))
    monkeypatch.setattr(HttpTransport, "sleep", lambda self, seconds: None)
    (tmp_path / "context").mkdir()
    for name in ("Dockerfile", "a.txt", "b.txt"):
        (tmp_path / "context" / name).write_text(f"{tmp_path}")
    return Environment(name="by-hand", build=BuildContext(path=str(tmp_path / "context")))


@pytest.mark.parametrize("role", ["Storage Blob Data Reader", "AcrPull"])
def test_a_folder_that_may_not_be_sent_ends_in_a_sentence(
    as_person: AsPerson, folder: Environment, role: str, seen: Seen
) -> None:
    azure = as_person(f"somebody with {role}", dict.fromkeys(("Reader", "AzureML Data Scientist", role), GROUP))
    words = "no role for these files or images of dev. docs/rights.md says .* Storage Blob Data Contributor for files"
    with seen.fails("no role for what the client sends", words), said("dev"):
        azure.ml.environments.create_or_update(folder)


def test_a_folder_whose_connection_is_lost_ends_in_a_sentence(
    azure: Azure, cloud: Cloud, folder: Environment, seen: Seen
) -> None:
    Bytes(cloud).lose(after=1)
    with seen.fails("a connection lost while the client sends", "connection to Azure was lost. Repeat"), said("dev"):
        azure.ml.environments.create_or_update(folder)
    cloud.mend()
