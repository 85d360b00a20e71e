"""The key of a machine, and the keys that mlops.yaml trusts."""

from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from mlops.errors import Misuse
from mlops.evidence import keys
from mlops.platform.local.keys import signer
from tests.mlops.evidence.conftest import Release


def key_id(state: Path) -> str:
    return signer(state).public_key.keyid


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path):
    with ThreadPool(3) as pool:
        assert len({*pool.map(key_id, [tmp_path] * 6), key_id(tmp_path)}) == 1
    assert (tmp_path / "keys" / "local.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_of_the_vault_is_trusted_as_pem(release: Release):
    """Key Vault signs with the curve P-256; its public part is PEM."""
    vault = CryptoSigner.generate_ecdsa().public_key
    release.set({vault.keyid: vault.keyval["public"]}, "evidence", "trusted_keys", "prod")
    assert keys.trusted("prod", release.settings, release.platform) == {vault.keyid: vault}


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "must be a text that says something"),
        ("me", "is no public key"),
        ("-----BEGIN", "is no public key"),
        ("00" * 32, "another key"),
    ],
)
def test_what_is_no_key_is_named_with_its_line(release: Release, key: str, sentence: str):
    release.set({"k1": key}, "evidence", "trusted_keys", "prod")
    with pytest.raises(Misuse, match=rf"mlops.yaml:\d+: .*{sentence}"):
        keys.trusted("prod", release.settings, release.platform)
