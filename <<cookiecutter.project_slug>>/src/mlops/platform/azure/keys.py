"""The key that signs in an environment. It never leaves its vault, which signs for those who hold the role."""

from typing import TYPE_CHECKING

from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said

if TYPE_CHECKING:
    from securesystemslib.signer import Signature, Signer


def signer(azure: Azure) -> "Signer":
    """The newest version of the environment's key. Raises Failure when it is not there, or not for who asks."""
    from securesystemslib.signer import AzureSigner, _azure_signer

    # signed in as the rest is: what it would take by itself knows nothing of a job of GitHub
    _azure_signer.DefaultAzureCredential = lambda: azure.credential  # pyrefly: ignore[bad-assignment]

    class VaultSigner(AzureSigner):
        def sign(self, payload: bytes) -> "Signature":
            with said(azure.environment):
                return super().sign(payload)

    _, _, vault, _, name, *_ = azure.names.sign_key_id.split("/")
    with said(azure.environment):
        address, key = VaultSigner.import_(vault.partition(".")[0], name)
        return VaultSigner.from_priv_key_uri(address, key)
