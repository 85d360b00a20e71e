"""The workspace's vault. Rights in it are roles; what is deleted can be had back for 90 days."""

import pulumi
from pulumi_azure_native import keyvault
from settings import Stack

from components.network import Network
from components.observability import Observability
from components.part import Part


class Vault(Part):
    """A key vault: with purge protection, so its name stays taken for 90 days after a destroy."""

    def __init__(
        self, name: str, stack: Stack, suffix: pulumi.Output[str], network: Network, logs: Observability
    ) -> None:
        super().__init__(name, stack)
        self.vault = keyvault.Vault(
            "vault",
            **self.here,
            vault_name=suffix.apply(stack.names.vault),
            properties={
                "tenant_id": stack.organisation.tenant,
                "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                "soft_delete_retention_in_days": 90,
                "enable_purge_protection": True,
                "public_network_access": self.access,
                "network_acls": {
                    "default_action": network.otherwise,
                    "bypass": "AzureServices",
                    "ip_rules": [{"value": each} for each in network.allowed],
                },
            },
            opts=self.own,
        )
        self.log_key = keyvault.Key(
            "log-key",
            **self.group,
            vault_name=self.vault.name,
            key_name="inference-log",
            properties={"kty": "RSA", "key_size": 3072, "key_ops": ["sign"]},
            tags=stack.tags,
            opts=pulumi.ResourceOptions(parent=self.vault),
        )
        """Ids in the log are hashed with a key made from a signature of this one: see mlops/serving/vault.py."""
        network.endpoint(self, "vault", self.vault.id)
        logs.collect(self, "vault", self.vault.id)
        self.register_outputs({})
