"""A statement is believed only as it was signed, by a key that is trusted, in a form that is understood."""

import base64
import json

import pytest
from securesystemslib.signer import CryptoSigner

from mlops import files
from mlops.errors import Refused
from mlops.evidence.statements import Statement, opened, signed

SIGNER = CryptoSigner.generate_ed25519()
KEYS = {SIGNER.public_key.keyid: SIGNER.public_key}
MADE = Statement("build", {"triage": "ab" * 32}, {"run": "r1"})


def test_what_was_signed_comes_back_with_the_key_that_signed_it():
    found = opened(signed(MADE, SIGNER), "it", KEYS, "local")
    assert (found.kind, found.subjects, found.key) == (MADE.kind, MADE.subjects, SIGNER.public_key.keyid)
    assert found.says == {"schema": 1, "run": "r1"}


def test_others_can_read_it():
    """Field names of DSSE v1 and in-toto Statement v1."""
    envelope = json.loads(signed(MADE, SIGNER))
    assert envelope.keys() == {"payload", "payloadType", "signatures"}
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "triage", "digest": {"sha256": "ab" * 32}}]
    assert statement.keys() == {"_type", "subject", "predicateType", "predicate"}


@pytest.mark.parametrize(("schema", "remedy"), [(2, "Upgrade src/mlops."), (0, "Register the model again")])
def test_another_schema_is_not_guessed_at(schema: int, remedy: str):
    content = signed(Statement("build", {}, {"schema": schema}), SIGNER)
    with pytest.raises(Refused, match=f"it has schema {schema}, and this machinery understands 1. {remedy}"):
        opened(content, "it", KEYS, "local")


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"nothing", b'{"payload": "!", "payloadType": "x", "signatures": []}', b"\xff", b"null"],
)
def test_what_is_no_envelope_is_damaged(content: bytes):
    with pytest.raises(Refused, match="it is damaged: it is not as it was written"):
        opened(content, "it", KEYS, "local")


@pytest.mark.parametrize("change", [{"payloadType": "text/plain"}, {"signatures": []}, {"more": 1}])
def test_an_envelope_with_another_field_is_damaged(change: dict):
    envelope = json.loads(signed(MADE, SIGNER)) | change
    with pytest.raises(Refused, match="it is damaged"):
        opened(files.as_json(envelope).encode(), "it", KEYS, "local")


def test_a_signature_of_somebody_else_under_a_trusted_id_is_refused():
    forger = CryptoSigner.generate_ed25519(keyid=SIGNER.public_key.keyid)
    with pytest.raises(Refused, match="it was changed after key"):
        opened(signed(MADE, forger), "it", KEYS, "local")
    with pytest.raises(Refused, match=r"which is not trusted on prod \(trusted: none\)"):
        opened(signed(MADE, SIGNER), "it", {}, "prod")


def test_nothing_that_is_not_a_number_is_signed():
    with pytest.raises(ValueError):
        signed(Statement("build", {}, {"auc": float("nan")}), SIGNER)
