"""The emulated subscription with the real client, shared by every test that submits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.client import Azure


@pytest.fixture(scope="session")
def azure(azure_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(azure_python, tmp_path_factory.mktemp("azure")) as azure:
        yield azure
    assert azure.cloud.proxy.strangers == [], "the client asked for a host that is not emulated"
    assert azure.cloud.faults == []
