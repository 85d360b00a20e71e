"""The key that signs on this machine."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import files
from mlops.errors import Misuse
from mlops.platform.local.lock import locked

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner


def signer(state: Path) -> "CryptoSigner":
    """The key in `keys/local.pem`, made on first use, for its owner only. Raises Misuse when it was changed."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    file, found = state / "keys" / "local.pem", None
    with locked(state / "keys" / "lock"):
        if not file.exists():
            with files.replacing(file) as draft:
                draft.touch(0o600)
                draft.write_bytes(CryptoSigner.generate_ed25519().private_bytes)
    with suppress(OSError, TypeError, ValueError, UnsupportedAlgorithm):
        found = CryptoSigner(load_pem_private_key(file.read_bytes(), None))
    if found is None or found.private_bytes != file.read_bytes():
        remedy = "Restore it; or move it away for a new one, and register again what the old one signed"
        raise Misuse(f"is not the key that was written here. {remedy}.", file)
    return found
