"""Request ids as they are stored: keyed hashes, which join with each other and tell nobody whom they are about."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from mlops import files
from mlops.errors import Misuse

BYTES, FILE = 32, "keys/outcomes"


def hashed(request_id: str, key: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of the id in UTF-8 under the key, in hexadecimal."""
    return hashing(key)(request_id)


def hashing(key: bytes) -> Callable[[str], str]:
    """`hashed` for many ids under one key of at most 64 bytes, whose share of the work is done once."""
    block = key.ljust(64, b"\0")
    inner, outer = (sha256(bytes(each ^ pad for each in block)) for pad in (0x36, 0x5C))

    def one(request_id: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(request_id.encode())
        second.update(first.digest())
        return second.hexdigest()

    return one


def fingerprint(key: bytes) -> str:
    """12 hexadecimal digits that tell keys apart and give none away."""
    return hashed("", key)[:12]


def key(file: Path, used: set[str]) -> bytes:
    """The key in `file`, made there, for its owner only, when none was used yet.

    `used` are the fingerprints of the keys of stored ids. Raises Misuse when one of them is not that of the file.
    """
    if not used and not file.exists():
        with files.replacing(file) as draft:
            draft.touch(0o600)
            draft.write_bytes(os.urandom(BYTES))
    found = file.read_bytes() if os.access(file, os.R_OK) else b""
    if len(found) != BYTES or used - {fingerprint(found)}:
        raise Misuse("is lost, unreadable or not the key that ids are stored with. Put that one back.", file)
    return found


def of_project(state: Path) -> bytes:
    """The key in a project's `.mlops/`; as `key` has it, `used` by the outcomes that are stored there."""
    return key(state / FILE, {part.name[:12] for part in (state / "outcomes").glob("*.parquet")})
