"""Statements: what is said of things by their digests, signed, so that any change of it is seen.

Each is an in-toto Statement v1 (in-toto.io/Statement/v1) in a DSSE envelope (secure-systems-lab/dsse, v1).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlops import files
from mlops.errors import Refused

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer

ENVELOPED, TYPE, KIND = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1", "urn:mlops:"
SCHEMA = 1
"""The form of what statements say. Another one is refused, not guessed at."""


@dataclass(frozen=True)
class Statement:
    """`kind` is build, sign-off, stop and so on; `subjects` are digests by name; `key` is the id of who signed."""

    kind: str
    subjects: Mapping[str, str]
    says: Mapping[str, Any]
    key: str = ""


def signed(statement: Statement, signer: "Signer") -> bytes:
    """The envelope, as its file holds it."""
    from securesystemslib.dsse import Envelope

    subjects = [{"name": name, "digest": {"sha256": sha}} for name, sha in statement.subjects.items()]
    kind, says = KIND + statement.kind, {"schema": SCHEMA, **statement.says}
    said = {"_type": TYPE, "subject": subjects, "predicateType": kind, "predicate": says}
    payload = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False, default=asdict)
    envelope = Envelope(payload.encode(), ENVELOPED, {})
    envelope.sign(signer)
    return files.as_json(envelope.to_dict()).encode()


def opened(
    content: bytes, what: str, keys: Mapping[str, "Key"], environment: str, remedy: Callable[[str], str] | None = None
) -> Statement:
    """What an envelope holds. Raises Refused unless it is, byte for byte, what one of the keys has signed.

    `remedy` says how to trust the key of an id.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError

    try:
        envelope = Envelope.from_dict(json.loads(content))
        [signature] = envelope.signatures.values()
        if files.as_json(envelope.to_dict()).encode() != content or envelope.payload_type != ENVELOPED:
            raise ValueError
    except Exception as error:
        raise Refused(f"{what} is damaged: it is not as it was written. Restore it, or make it again.") from error
    if signature.keyid not in keys:
        known = ", ".join(key[:12] for key in keys) or "none"
        said = f"evidence.trusted_keys.{environment} in mlops.yaml says which are; if it should be one, add it there."
        who = f"key {signature.keyid[:12]}, which is not trusted on {environment} (trusted: {known})"
        raise Refused(f"{what} is signed with {who}. {remedy(signature.keyid) if remedy else said}")
    try:
        keys[signature.keyid].verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError as error:
        raise Refused(f"{what} was changed after key {signature.keyid[:12]} signed it. Restore it.") from error
    said = json.loads(envelope.payload)
    if (schema := said["predicate"].get("schema")) != SCHEMA:
        mend = "Upgrade src/mlops" if schema > SCHEMA else "Register the model again from a new run"
        raise Refused(f"{what} has schema {schema}, and this machinery understands {SCHEMA}. {mend}.")
    subjects = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    return Statement(said["predicateType"].removeprefix(KIND), subjects, said["predicate"], signature.keyid)


def claimed(content: bytes, what: str) -> dict[str, Any]:
    """What a statement says, whoever signed it. Raises Refused when it is damaged."""
    try:
        said = json.loads(base64.b64decode(json.loads(content)["payload"]))["predicate"]
        return {name: value for name, value in said.items() if name != "schema"}
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f"{what} is damaged: it is not as it was written. Restore it, or make it again.") from error
