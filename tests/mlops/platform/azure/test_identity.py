"""Which identity a job in Azure ML acts as: the one that its compute names, of the several that it may have."""

from collections.abc import Callable, Iterator

import pytest

from mlops.errors import Failure
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routing import ARM
from tests.emulator.world import GROUP, IDENTITY
from tests.mlops.serving import azure as container
from tests.mlops.serving.azure import SECRET, Identity, served

Job = Callable[[str], Azure]


@pytest.fixture
def job(cloud: Cloud, names: Names, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """The client in a job whose compute has one identity, and says that it is `client`."""
    held = cloud.arm.store.documents[IDENTITY]["properties"]
    cloud.arm.assign(held["principalId"], "Reader", GROUP)
    identity = Identity(resource=f"https://{ARM}")
    monkeypatch.setattr(container, "CLIENT", held["clientId"])
    monkeypatch.setattr(identity, "token", lambda: cloud.directory.token(held["clientId"], identity.resource))
    with served(identity) as endpoint:

        def acts(client: str) -> Azure:
            given = {"MSI_ENDPOINT": endpoint, "MSI_SECRET": SECRET, "DEFAULT_IDENTITY_CLIENT_ID": client}
            given |= {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential", **cloud.proxy.environ()}
            for name, value in given.items():
                monkeypatch.setenv(name, value)
            return Azure(names, "dev")

        yield acts


def test_a_job_acts_as_the_identity_that_its_compute_names(job: Job, names: Names) -> None:
    azure = job(names.endpoint_client_id)
    assert azure.ask("GET", f"{names.workspace_id}?api-version=2024-10-01")["name"] == names.workspace


@pytest.mark.parametrize("client", ["", "00000000-0000-0000-0000-000000000008"])
def test_without_that_name_a_job_gets_no_token(job: Job, names: Names, client: str) -> None:
    with pytest.raises(Failure, match="nobody is signed in to Azure here"):
        job(client).ask("GET", names.workspace_id)
