"""The key of the log's ids, made from a signature that only a key vault can make: nobody stores it or passes it on.

RS256 is RSASSA-PKCS1-v1_5 ("sign", REST reference of Key Vault), which signs one text in one way (RFC 8017, 8.2): every
instance, and whoever brings outcomes back, makes the same key, if the vault lets them sign.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.request import Request

from mlops.errors import Misuse
from mlops.serving import identity

VERSION = "7.4"
SIGNED = sha256(b"ids of the inference log").digest()
ASKED = {"alg": "RS256", "value": urlsafe_b64encode(SIGNED).rstrip(b"=").decode()}


def key(url: str, environment: Mapping[str, str] = os.environ) -> bytes:
    """32 bytes from the vault's key at `url`, an address with a version. Raises Misuse when the vault does not sign."""
    try:
        token = identity.Token(environment, identity.VAULT)()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = Request(f"{url}/sign?api-version={VERSION}", json.dumps(ASKED).encode(), headers)
        with identity.direct.open(request, timeout=identity.TIMEOUT) as answer:
            return made(json.load(answer))
    except (OSError, KeyError, ValueError) as error:
        what = f"does not sign for the key of the log's ids: {type(error).__name__}: {error}"
        raise Misuse(f"{what}. MLOPS_LOG_KEY_URL names it, and the endpoint's identity needs its role.", url) from error


def made(answer: Mapping[str, str]) -> bytes:
    """The key, from what the vault answers to ASKED."""
    return sha256(urlsafe_b64decode(answer["value"] + "==")).digest()
