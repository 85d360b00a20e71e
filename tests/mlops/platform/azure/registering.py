"""A project whose models are registered, and a way to register one."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from mlops import digest
from mlops.evidence.statements import Statement, signed
from mlops.platform.azure.client import Azure
from mlops.platform.azure.models import AzureModels
from mlops.platform.base import Model
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import GROUP, WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.bytes import kept as kept
from tests.mlops.platform.azure.people import as_person as as_person
from tests.support.project import Project

MAKER = {"Reader": GROUP, "AzureML Data Scientist": GROUP, "Storage Blob Data Contributor": GROUP}
KEY = CryptoSigner.generate_ed25519()


@pytest.fixture
def project(reference: Project, tmp_path: Path) -> Path:
    """What says where models are made, and which images there are."""
    for name in ("azureml", "requirements"):
        shutil.copytree(reference.path / name, tmp_path / "project" / name)
    shutil.copy(reference.path / "mlops.yaml", tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def models(azure: Azure, kept: Bytes, project: Path) -> AzureModels:
    return AzureModels(azure, project)


def made(models: AzureModels, place: Path, mlflow: Path | None = None, **says: Any) -> Model:
    """Register a folder, with a statement that says more than a tag holds."""
    lineage = {"run": "r1", "image": "context:sha256:0", "verdicts": ["v" * 1000], **says}
    statement = signed(Statement("build", {"triage": digest.of_folder(place)}, lineage), KEY)
    return models.register("triage", place, lineage, statement, mlflow)


def versions(cloud: Cloud, scope: str = WORKSPACE) -> list[str]:
    return [each["name"] for each in cloud.arm.below(f"{scope}/models")]
