"""What people and CI hold by infra/roles.py is what they need for what they do, or it is said why it is given."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops import uploads
from mlops.errors import Failure
from mlops.platform.azure import images, keys
from mlops.platform.azure.blobs import Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.azure.models import AzureModels
from mlops.platform.azure.names import Names
from mlops.serving.identity import VAULT as KEYS
from mlops.serving.vault import ASKED
from mlops.serving.vault import VERSION as ASKS
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.mlops.platform.azure.bytes import Bytes, forget
from tests.mlops.platform.azure.conftest import ACCOUNT, BLOBS, LOG
from tests.mlops.platform.azure.matrix import PASSES_ON, ROLES, SCOPES, SENSITIVE, SHARED, give, organisation
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.proof import Proof
from tests.mlops.platform.azure.proof import proof as proof
from tests.mlops.platform.azure.registering import made
from tests.mlops.platform.azure.registering import project as project
from tests.mlops.platform.test_models import artifact

Act = Callable[[Azure, Path], object]
ROW = "mlops/data/rows/one"
ELSEWHERE = {"workspace", "compute", "endpoint"}
"""Azure acts as these. The emulator asks for their roles where Azure does: rules/workspace.py, tests/infra."""
UNUSED = {
    ("deploy", "Storage File Data Privileged Contributor", "resource_group"): "Azure's page says so; no file is sent.",
    ("data_scientists", "Storage File Data Privileged Contributor", "resource_group"): "The studio opens notebooks.",
}
"""Rights that nothing here needs, and why they are given."""


@pytest.fixture(scope="module")
def names(cloud: Cloud) -> Names:
    cloud.arm.put(OWNER, SENSITIVE, {"properties": {}})
    key = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["sign"]}}
    made = cloud.arm.put(OWNER, SCOPES["log_key"], key)
    return replace(organisation(cloud), log_key_id=made["properties"]["keyUriWithVersion"])


def looks(azure: Azure, project: Path) -> None:
    """At what was released, at the model, and at what was decided."""
    AzureEndpoint(azure, project, AzureLedger(azure)).state()
    AzureModels(azure, project).fetch("triage:1", project / azure.environment)
    AzureLedger(azure).read()


def looks_only(azure: Azure, project: Path) -> None:
    """And not at data, which lie beside the models."""
    looks(azure, project)
    with pytest.raises(Failure, match="no role for these files"):
        Blobs.of_workspace(azure).read(ROW)


def signs(azure: Azure, project: Path) -> None:
    looks(azure, project)
    AzureLedger(azure).append(azure.environment, b"{}")
    keys.signer(azure).sign(b"a statement")


def controls(azure: Azure, project: Path) -> None:
    with AzureLedger(azure).lease(azure.environment):
        signs(azure, project)


def adds(azure: Azure, project: Path) -> None:
    (project / "rows.csv").write_text(str(project))
    AzureData(azure, project).add("rows", project / "rows.csv")


def investigates(azure: Azure, project: Path) -> None:
    azure.container(f"{BLOBS}/sensitive-log").download_blob("one").readall()


def hashes(azure: Azure, project: Path) -> None:
    """Ids of outcomes, with the key of the log."""
    adds(azure, project)
    azure.ask("POST", f"{azure.names.log_key_id}/sign?api-version={ASKS}", ASKED, KEYS)


def trains(azure: Azure, project: Path) -> None:
    list(images.build(azure, project))
    models, image = AzureModels(azure, project), uploads.context(project)
    made(models, artifact(project / "made", "1"), image=image)
    models.share("triage")
    hashes(azure, project)
    controls(azure, project)


def watches(azure: Azure, project: Path) -> None:
    azure.container(f"{BLOBS}/inference-log").download_blob("one").readall()
    controls(azure, project)


ACTS: tuple[tuple[str, str, Act], ...] = (
    ("deploy", "dev", trains),
    ("data_scientists", "dev", hashes),
    ("data_scientists", "dev", looks),
    ("data_scientists", "staging", looks),
    *(
        (who, environment, looks_only)
        for who in ("operators", "readers", "reader")
        for environment in ("dev", "staging")
    ),
    *(("signers", environment, signs) for environment in ("dev", "staging")),
    ("investigators", "prod", investigates),
    ("operate", "prod", watches),
    ("deploy", "prod", hashes),
    ("deploy", "prod", controls),
)
"""Each after the one before it; who looks does so where models are made and where they are shared."""


def test_rights_are_needed_or_it_is_said_why_they_are_given(
    cloud: Cloud, as_person: AsPerson, project: Path, tmp_path: Path, proof: Proof
) -> None:
    forget(cloud)
    for container in (SENSITIVE, LOG):
        cloud.blobs.write(ACCOUNT, container.rpartition("/")[2], "one", b"a line")
    Bytes(cloud).write(ROW, b"a row")
    used = set()
    for number, (who, environment, act) in enumerate(ACTS):
        name = f"{who} of {environment}"
        principal = cloud.directory.add(name).id
        give(cloud.arm, principal, who, environment)
        clone = shutil.copytree(project, tmp_path / str(number))
        act(as_person(name, {}, environment), clone)
        used |= proof.used(principal, who, environment)
    copier = cloud.arm.store.documents[SHARED]["identity"]["principalId"]
    used |= proof.used(copier, "registry", "dev")
    given = (it for it in ROLES.RIGHTS if it.who not in ELSEWHERE and it.scope in SCOPES and it.role != PASSES_ON)
    assert sorted({(it.who, it.role, it.scope) for it in given} - used) == sorted(UNUSED)
