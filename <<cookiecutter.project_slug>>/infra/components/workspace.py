"""The Azure ML workspace: identities instead of keys, and a managed network around whatever computes.

Rules that Azure makes itself are not repeated: Managed virtual network isolation (Microsoft, 2024-08-29).
"""

from typing import Any

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from settings import Stack

from components.identities import Identities
from components.images import Images
from components.network import Network
from components.observability import Observability
from components.part import Part
from components.storage import Storage
from components.vault import Vault

ISOLATION = {"none": "Disabled", "internet": "AllowInternetOutbound", "approved": "AllowOnlyApprovedOutbound"}


class Workspace(Part):
    """A workspace with its datastores. The ways out of its network are part of it, so that they come up together."""

    def __init__(
        self,
        name: str,
        stack: Stack,
        suffix: pulumi.Output[str],
        network: Network,
        logs: Observability,
        vault: Vault,
        store: Storage,
        images: Images,
        team: Identities,
    ) -> None:
        super().__init__(name, stack)
        identity = team.identity["workspace"].id
        isolated = stack.network.isolation != "none"
        self.workspace = ml.Workspace(
            "workspace",
            **self.here,
            workspace_name=suffix.apply(stack.names.workspace),
            friendly_name=stack.project.project.name,
            description=stack.project.project.description,
            sku={"name": "Basic", "tier": ml.SkuTier.BASIC},
            identity={"type": "UserAssigned", "user_assigned_identities": [identity]},
            primary_user_assigned_identity=identity,
            storage_account=store.account.id,
            key_vault=vault.vault.id,
            container_registry=images.registry.id,
            application_insights=logs.insights.id,
            system_datastores_auth_mode="Identity",
            public_network_access=self.access,
            managed_network={
                "isolation_mode": ISOLATION[stack.network.isolation],
                "outbound_rules": outbound(stack, store.account.id, vault.vault.id) if isolated else None,
            },
            provision_network_now=isolated or None,
            # A private registry cannot build images itself.
            image_build_compute=next(iter(stack.computes), None) if stack.private else None,
            hbi_workspace=stack.classification == "sensitive",
            v1_legacy_mode=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=stack.environment == "prod",
                depends_on=[*team.assigned, *network.before],
                ignore_changes=["managedNetwork.status"],  # becomes active by itself, which is no drift
            ),
        )
        network.endpoint(self, "amlworkspace", self.workspace.id, "workspace")
        logs.collect(self, "workspace", self.workspace.id, always=True)
        self._datastores()
        self.register_outputs({})

    def _datastores(self) -> None:
        """Data outside the workspace: who reads it does so with an identity of their own."""
        for name, source in self.stack.datastores.items():
            _, _, subscription, _, group, *_ = source.account.split("/")
            ml.Datastore(
                f"datastore-{name}",
                **self.group,
                workspace_name=self.workspace.name,
                name=name,
                properties=ml.AzureBlobDatastoreArgs(
                    datastore_type="AzureBlob",
                    credentials=ml.NoneDatastoreCredentialsArgs(credentials_type="None"),
                    subscription_id=subscription,
                    resource_group=group,
                    account_name=source.account_name,
                    container_name=source.container,
                    description=source.about,
                    tags=self.stack.tags,
                ),
                skip_validation=True,
                opts=pulumi.ResourceOptions(parent=self.workspace),
            )


def outbound(stack: Stack, storage: pulumi.Input[str], vault: pulumi.Input[str]) -> dict[str, Any]:
    """Ways out of the managed network beside those that Azure makes, by name.

    Azure makes none to queues and tables, which batch endpoints and parallel jobs use. It makes those to blobs, files
    and the vault where these are closed or only approved ways are open; behind a list of addresses not (assumed).
    """
    hosts = enumerate(stack.network.fqdns, 1)
    rules: dict[str, Any] = {f"host-{number}": {"type": "FQDN", "destination": host} for number, host in hosts}
    closed = stack.private or stack.network.isolation == "approved"
    if not (closed or stack.network.allowed_ips):
        return rules
    rules |= {f"storage-{service}": private(storage, service) for service in ("queue", "table")}
    if not closed:
        rules |= {f"storage-{service}": private(storage, service) for service in ("blob", "file")}
        rules["vault"] = private(vault, "vault")
    rules |= {f"source-{each.account_name}": private(each.account, "blob") for each in stack.datastores.values()}
    if stack.organisation.registry:
        rules["registry"] = private(stack.organisation.registry, "amlregistry")
    return rules


def private(target: pulumi.Input[str], service: str) -> dict[str, Any]:
    """A way to one service of a resource, over a private endpoint."""
    destination = {"service_resource_id": target, "subresource_target": service, "spark_enabled": False}
    return {"type": "PrivateEndpoint", "destination": destination}
