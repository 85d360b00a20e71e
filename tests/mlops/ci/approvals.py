"""What tests of approvals type and read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from mlops.cli import app
from mlops.commands.common import Opened
from mlops.errors import MlopsError
from mlops.evidence import entries
from tests.mlops.evidence.conftest import AUTHOR, SIGNER, Release
from tests.support.project import Project

ACCOUNTS = {SIGNER: "Signer-1", AUTHOR: "author-1", "other@example.org": "other-1"}


def opened(release: Release) -> Callable[[str], Any]:
    """The project as if its ledger, model and key were prod's."""
    return lambda on="prod": Opened(release.path, replace(release.platform, on=on))


def approve() -> str:
    return typed("release", "approve", "triage:1", "--on", "prod")


def authored(release: Release, address: str) -> None:
    """Check a commit of somebody out."""
    Project(release.path).git("commit", "--quiet", "--allow-empty", "-m", "more", f"--author=A <{address}>")


def approved(release: Release) -> str:
    """What the first step of the job says there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(release.path)
        return typed("ci", "approved", "--on", "prod")


def typed(*command: str) -> str:
    """Type the command; what it says. Raises what it ends with."""
    done = CliRunner().invoke(app, command)
    if isinstance(done.exception, MlopsError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output.strip()


def approvals(release: Release) -> list[dict[str, Any]]:
    said = [each.says for each in entries.read(release.platform, release.settings)[0] if each.kind == "sign-off"]
    return [dict(each) for each in said if each["role"] == "approver"]
