"""`make bootstrap` on the real engine: the state moves into the store, after an interruption too; no data is lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from organisation.settings import EXAMPLE

from tests.emulator.store import SUBSCRIPTION
from tests.infra import TEMPLATE
from tests.infra.projects import SLUG
from tests.infra.support import Stack


@pytest.fixture
def filled(organisation: Stack, tmp_path: Path) -> Stack:
    """The program as shipped, with an organisation's ids, and a store that is not there yet."""
    file = organisation.folder / "projects.yaml"
    text = file.read_text("utf-8").replace(f"{EXAMPLE}02", SUBSCRIPTION)
    text = text.replace(EXAMPLE, f"1{EXAMPLE[1:]}")
    state = f"state:\n  backend: file://{tmp_path / 'store'}\n  secrets_provider: passphrase\n\nissuers:"
    file.write_text(text.replace("issuers:", state), "utf-8")
    (organisation.folder / "Pulumi.main.yaml").write_bytes((TEMPLATE / "infra" / "Pulumi.main.yaml").read_bytes())
    return organisation


def start(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=stack.folder,
        env=stack.env(stack.caller),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


def test_an_organisation_starts_and_lets_a_project_go(filled: Stack, tmp_path: Path) -> None:
    early = start(filled, "manage.py", "preview")
    assert early.returncode == 2
    assert "Run `make bootstrap` to its end" in early.stderr

    stopped = start(filled, "bootstrap.py", "--yes")
    assert stopped.returncode == 3
    assert "It is safe to repeat `make bootstrap`" in stopped.stderr
    before = filled.cloud.writes()

    (tmp_path / "store").mkdir()
    assert start(filled, "bootstrap.py", "--yes").returncode == 0
    assert filled.cloud.writes() == before
    assert not (filled.folder / ".bootstrap").exists()
    assert "Nothing to do" in start(filled, "bootstrap.py", "--yes").stdout

    page = start(filled, "manage.py", "onboarded", SLUG, "prod").stdout
    assert f"config:\n  {SLUG}:organisation:\n" in page
    assert "AZURE_CLIENT_ID_OPERATE_PROD=" in page

    file = filled.folder / "projects.yaml"
    file.write_text(file.read_text("utf-8").partition("projects:")[0] + "projects: {}\n", "utf-8")
    refused = start(filled, "manage.py", "preview")
    assert refused.returncode == 3
    assert "protected" in refused.stdout + refused.stderr
    assert filled.cloud.writes() == before

    said = start(filled, "manage.py", "forget", SLUG)
    assert "Nothing was deleted" in said.stdout
    assert said.stdout.count("/containers/") == 4
    assert start(filled, "manage.py", "preview").returncode == 0
    assert not filled.cloud.arm.deletions
