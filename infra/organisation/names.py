"""Names of what the organisation owns, and addresses made of them: all known before anything exists.

Limits: Naming rules and restrictions for Azure resources (Microsoft, 2026).
"""

import hashlib
from dataclasses import dataclass

from names import SHORT

from .types import Organisation


@dataclass(frozen=True)
class Names:
    organisation: Organisation

    @property
    def suffix(self) -> str:
        """Four characters that depend on the subscription, since some names must be free in all of Azure."""
        return hashlib.sha256(self.organisation.subscriptions.organisation.encode()).hexdigest()[:4]

    @property
    def storage(self) -> str:
        return f"st{self.organisation.name}mlops{self.suffix}"

    @property
    def vault(self) -> str:
        return f"kv-{self.organisation.name}-mlops-{self.suffix}"

    @property
    def registry(self) -> str:
        return f"mlr-{self.organisation.name}-{self.suffix}"

    def of(self, kind: str) -> str:
        """The name of anything else, such as `of("log")`."""
        return f"{kind}-{self.organisation.name}-mlops"

    def key_url(self, key: str) -> str:
        """Where a key is, whichever its newest version."""
        return f"https://{self.vault}.vault.azure.net/keys/{key}"

    def secrets_provider(self, key: str) -> str:
        """A key as Pulumi writes it."""
        return self.key_url(key).replace("https://", "azurekeyvault://")

    def container_url(self, container: str) -> str:
        return f"https://{self.storage}.blob.core.windows.net/{container}"

    def backend(self, container: str) -> str:
        """A container as Pulumi's state backend."""
        return f"azblob://{container}?storage_account={self.storage}"

    @property
    def own_backend(self) -> str:
        """Where this program's state is."""
        given = self.organisation.state
        return given.backend if given else self.backend("organisation")

    @property
    def own_secrets_provider(self) -> str:
        """What encrypts the secrets in this program's state."""
        given = self.organisation.state
        return given.secrets_provider if given else self.secrets_provider("organisation")


def own_group(organisation: str) -> str:
    """The organisation's resource group, by its name."""
    return f"rg-{organisation}-mlops"


def state_of(short_name: str, environment: str) -> str:
    """The name of an environment's state container, and of the key for the secrets in it."""
    return f"state-{short_name}-{SHORT[environment]}"


def ledger_of(short_name: str) -> str:
    return f"ledger-{short_name}"


def sign_key_of(short_name: str, environment: str) -> str:
    return f"sign-{short_name}-{SHORT[environment]}"
