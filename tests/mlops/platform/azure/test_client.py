"""The ways into an environment, and what is said when one is closed."""

import pytest

from mlops.errors import Failure
from mlops.platform.azure.client import Azure
from tests.emulator.https.cloud import Cloud


def test_who_is_signed_in_reads_the_workspace(azure: Azure) -> None:
    assert azure.ask("GET", f"{azure.names.workspace_id}?api-version=2024-10-01")["name"] == "mlw-lend"
    assert list(azure.ml.data.list()) == []


def test_an_assertion_that_has_expired_is_said(
    azure: Azure, cloud: Cloud, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late.jwt").write_text(cloud.directory.assertion("a data scientist", minutes=-1))
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "late.jwt"))
    with pytest.raises(Failure, match="the login has expired. `az login` again"):
        azure.ask("GET", f"{azure.names.workspace_id}?api-version=2024-10-01")
