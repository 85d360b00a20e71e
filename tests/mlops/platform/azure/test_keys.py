"""The environment's key signs in its vault, and its public half in mlops.yaml is enough to believe it."""

from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import cast

import pytest
import yaml
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm

from mlops.errors import Failure, Refused
from mlops.evidence import entries
from mlops.platform.azure import keys
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.base import Platform
from mlops.settings import Evidence, Settings, TrustedKeys
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import CONTAINER, VAULT
from tests.mlops.platform.azure.held import hold

KEY = f"{VAULT}/keys/sign"
BODY = {"properties": {"kty": "EC", "curveName": "P-256", "keyOps": ["sign", "verify"]}}


@pytest.fixture(autouse=True)
def key(cloud: Cloud) -> None:
    """As the organisation makes it, in an open vault."""
    cloud.arm.put(OWNER, KEY, BODY)
    cloud.arm.change_behind(VAULT, "properties.publicNetworkAccess", "Enabled")
    cloud.inside = False


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    made = cloud.directory.add("a signer")
    cloud.arm.put(OWNER, KEY, BODY)
    hold(cloud.arm, made.id, "MLOps Signer", KEY)
    hold(cloud.arm, made.id, "MLOps Ledger Writer", CONTAINER)
    return made


def test_what_the_vault_signed_is_believed_where_mlops_yaml_trusts_its_key(azure: Azure) -> None:
    parts = {"signer": partial(keys.signer, azure), "ledger": AzureLedger(azure), "on": "dev", "place": "here"}
    platform = cast("Platform", SimpleNamespace(**parts))
    with pytest.raises(Refused, match="the key that signs here is not trusted on dev") as said:
        entries.add(platform, trusting({}), "dev", "stop", {}, {"reason": "it is over"})
    known = trusting(yaml.safe_load(str(said.value).partition("\n")[2]))
    entries.add(platform, known, "dev", "stop", {}, {"reason": "it is over"})
    [stop], faults = entries.read(platform, known)
    assert (stop.says["reason"], faults) == ("it is over", [])
    assert "which is not trusted on dev" in entries.read(platform, trusting({}))[1][0]


def trusting(found: dict[str, str]) -> Settings:
    evidence = Evidence(trusted_keys=TrustedKeys(dev=found))
    return Settings.model_construct(evidence=evidence)


def test_a_new_version_of_the_key_is_another_key(azure: Azure, cloud: Cloud) -> None:
    before = keys.signer(azure).public_key.keyid
    assert keys.signer(azure).public_key.keyid == before
    uri = f"{azure.names.sign_key_id}/{'f' * 32}"
    cloud.arm.change_behind(KEY, "properties.keyUriWithVersion", uri)
    assert keys.signer(azure).public_key.keyid != before


def test_a_version_that_is_gone_signs_nothing(azure: Azure, cloud: Cloud) -> None:
    signer = keys.signer(azure)
    cloud.arm.change_behind(KEY, "properties.keyUriWithVersion", f"{azure.names.sign_key_id}/{'e' * 32}")
    with pytest.raises(Failure, match="what dev should have is not there"):
        signer.sign(b"content")


def test_the_vault_signs_only_for_who_holds_the_role(
    azure: Azure, cloud: Cloud, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = cloud.directory.add("a stranger")
    cloud.arm.assign(stranger.id, "Reader", VAULT)
    for name, value in cloud.environ(stranger, tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Failure, match="may not do Microsoft.KeyVault/vaults/keys/read on dev"):
        keys.signer(azure)
    cloud.arm.assign(stranger.id, "Key Vault Reader", VAULT)
    with pytest.raises(Failure, match="may not do Microsoft.KeyVault/vaults/keys/sign/action on dev"):
        keys.signer(azure).sign(b"content")


def test_a_closed_vault_is_reached_from_inside_only(azure: Azure, cloud: Cloud) -> None:
    cloud.arm.change_behind(VAULT, "properties.publicNetworkAccess", "Disabled")
    with pytest.raises(Failure, match="dev is reached only from inside its network"):
        keys.signer(azure)
    cloud.inside = True
    keys.signer(azure).sign(b"content")


def test_a_key_of_another_kind_signs_by_its_own_algorithm_and_for_what_it_is(azure: Azure, cloud: Cloud) -> None:
    """As the key of the log's ids does: it signs a text in one way only."""
    id = f"{VAULT}/keys/log"
    made = cloud.arm.put(OWNER, id, {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["sign"]}})
    cloud.arm.assign(cloud.directory.add("a signer").id, "Key Vault Crypto User", id)
    client = CryptographyClient(made["properties"]["keyUriWithVersion"], azure.credential)
    digest = sha256(b"text").digest()
    first, second = (client.sign(SignatureAlgorithm.rs256, digest).signature for _ in range(2))
    assert first == second
    with pytest.raises(HttpResponseError, match="incompatible"):
        client.sign(SignatureAlgorithm.es256, digest)
    cloud.arm.put(OWNER, id, {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["encrypt"]}})
    with pytest.raises(HttpResponseError, match="not permitted"):
        CryptographyClient(made["properties"]["keyUriWithVersion"], azure.credential).sign(
            SignatureAlgorithm.rs256, digest
        )
