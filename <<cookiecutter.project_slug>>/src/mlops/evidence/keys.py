"""Which keys are believed: those that `mlops.yaml` trusts in an environment, and on the laptop its own."""

import json
from collections import ChainMap
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops.errors import Failure, Refused
from mlops.platform.base import Platform
from mlops.settings import Settings

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer, SSlibKey

REHEARSAL = "Models for {0} are trained in Azure ML, and signed for and verified with --on {0}. To rehearse it here"


def trusted(environment: str, known: Settings, platform: Platform) -> dict[str, "Key"]:
    """Keys by their id. Raises Misuse at the line of one that is no key, or has another id."""
    listed = getattr(known.evidence.trusted_keys, environment)
    own = [platform.signer().public_key] if environment == "local" else []
    found: dict[str, Key] = {name: public(name, text, environment, known) for name, text in listed.items()}
    return found | {key.keyid: key for key in own}


def signer(environment: str, known: Settings, platform: Platform) -> "Signer":
    """The key at hand. Raises Refused, with what to write to trust it, where it is not trusted."""
    found = platform.signer()
    key = found.public_key
    if key.keyid not in trusted(environment, known, platform):
        what = f"the key that signs here is not trusted on {environment}"
        raise Refused(f"{what}. {remedy(key.keyid, environment, known, platform)}")
    return found


def remedy(name: str, environment: str, known: Settings, platform: Platform) -> str:
    """How to trust the key of an id: the line to write, where the key is trusted elsewhere or is the one at hand."""
    texts = dict(ChainMap(*known.evidence.trusted_keys.model_dump().values()))
    with suppress(Failure):  # most people may not see the one of a vault
        key = platform.signer().public_key
        texts[key.keyid] = key.keyval["public"]
    where = f"evidence.trusted_keys.{environment} in mlops.yaml"
    if name not in texts:
        return f"{where} says which are; if it should be one, add it there."
    way = REHEARSAL.format(environment) if platform.on == "local" != environment else "If it should be"
    return f'{way}, write below {where}:\n"{name}": {json.dumps(texts[name])}'


def public(name: str, text: str, environment: str, known: Settings) -> "SSlibKey":
    """A public key from its text: the hexadecimal digits of an Ed25519 key, or PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    what = "is no public key: write 64 hexadecimal digits, or PEM"
    try:
        pem = text.startswith("-----")
        raw = load_pem_public_key(text.encode()) if pem else Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
        key = SSlibKey.from_crypto(raw)
        if key.keyid == name:
            return key
        what = f"belongs to another key: the id of this one is {key.keyid}"
    except ValueError:
        pass
    raise known.wrong(f"trusted key {name[:12]} {what}.", "evidence", "trusted_keys", environment, name)
