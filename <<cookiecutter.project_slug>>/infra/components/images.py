"""The registry of images. Who pulls or pushes has a role: no admin user, nothing for anybody without an identity."""

import pulumi
from pulumi_azure_native import containerregistry
from settings import Stack

from components.network import Network
from components.observability import Observability
from components.part import Part

UNTAGGED_DAYS = 30
"""Images without a tag are deleted after this time; served ones are tagged and locked."""


class Images(Part):
    """A container registry: private with the stack, else open to identities.

    No list of addresses: it would shut out computes, which have none of their own. No quarantine: it would hold back
    each image until a scanner of one's own releases it.
    """

    def __init__(
        self, name: str, stack: Stack, suffix: pulumi.Output[str], network: Network, logs: Observability
    ) -> None:
        super().__init__(name, stack)
        premium = stack.images.sku == "Premium"
        self.registry = containerregistry.Registry(
            "images",
            **self.here,
            registry_name=suffix.apply(stack.names.images),
            sku={"name": stack.images.sku},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access=self.access,
            network_rule_bypass_options="AzureServices",
            zone_redundancy="Enabled" if stack.images.zone_redundant else "Disabled",
            data_endpoint_enabled=premium,
            policies={
                # Azure ML pulls with tokens of Azure Resource Manager.
                "azure_ad_authentication_as_arm_policy": {"status": "enabled"},
                "export_policy": {"status": "disabled" if stack.private else "enabled"},
                "retention_policy": {"status": "enabled", "days": UNTAGGED_DAYS} if premium else {"status": "disabled"},
            },
            opts=self.own,
        )
        network.endpoint(self, "registry", self.registry.id)
        logs.collect(self, "images", self.registry.id)
        self.register_outputs({})
