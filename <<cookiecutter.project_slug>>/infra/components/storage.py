"""The workspace's storage: data, models and the logs of predictions. No keys: whoever reads or writes has a role."""

from typing import Any

import pulumi
from pulumi_azure_native import storage
from roles import SENSITIVE_LOG
from settings import Stack

from components.network import Network
from components.observability import Observability
from components.part import Part

LOG = "inference-log"
SERVICES = ("blob", "file", "queue", "table")


class Storage(Part):
    """A storage account. The workspace makes the containers of its default datastores itself.

    Where models are shared from a closed one, the organisation's registry reads it: Network isolation with Azure
    Machine Learning registries (Microsoft, 2025-04-04).
    """

    def __init__(
        self, name: str, stack: Stack, suffix: pulumi.Output[str], network: Network, logs: Observability
    ) -> None:
        super().__init__(name, stack)
        registry = {"tenant_id": stack.organisation.tenant, "resource_id": stack.organisation.registry}
        lets_in = [registry] if stack.shares and stack.organisation.registry and network.otherwise == "Deny" else []
        self.account = storage.StorageAccount(
            "storage",
            **self.here,
            account_name=suffix.apply(stack.names.storage),
            kind="StorageV2",
            sku={"name": f"Standard_{stack.storage.redundancy}"},
            access_tier=storage.AccessTier.HOT,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            # A service is let in by name only where chosen networks are, if there are any.
            public_network_access="Enabled" if lets_in else self.access,
            network_rule_set={
                "default_action": storage.DefaultAction(network.otherwise),
                "bypass": "AzureServices",
                "ip_rules": [
                    {"i_p_address_or_range": each, "action": storage.Action.ALLOW} for each in network.allowed
                ],
                "resource_access_rules": lets_in,
            },
            encryption={"key_source": "Microsoft.Storage", "require_infrastructure_encryption": True},
            opts=self.own,
        )
        self._recoverable()
        self.log_id, self.log_url = self._container(LOG)
        self.sensitive_id, self.sensitive_url = self._container(SENSITIVE_LOG)
        for service in SERVICES:
            network.endpoint(self, service, self.account.id)
            target = pulumi.Output.concat(self.account.id, f"/{service}Services/default")
            logs.collect(self, service, target)
        self.register_outputs({})

    def _container(self, name: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The id and the address of a new one."""
        container = storage.BlobContainer(
            name,
            **self.group,
            account_name=self.account.name,
            container_name=name,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self.account),
        )
        return container.id, pulumi.Output.format("https://{0}.blob.core.windows.net/{1}", self.account.name, name)

    def _recoverable(self) -> None:
        """Keep what is overwritten or deleted for some days, the logs as long as mlops.yaml says, and no longer."""
        days, inside = self.stack.storage.keep_deleted_days, pulumi.ResourceOptions(parent=self.account)
        keep = {"enabled": True, "days": days}
        account: dict[str, Any] = {**self.group, "account_name": self.account.name}
        blobs = storage.BlobServiceProperties(
            "blobs",
            **account,
            blob_services_name="default",
            is_versioning_enabled=self.stack.storage.versions,
            delete_retention_policy=keep,
            container_delete_retention_policy=keep,
            opts=inside,
        )
        storage.FileServiceProperties(
            "files", **account, file_services_name="default", share_delete_retention_policy=keep, opts=inside
        )
        kept = self.stack.project.service.keep_log_days
        rules = [
            rule("logs", ["appendBlob"], {"base_blob": after("modification", kept)}, [f"{LOG}/", f"{SENSITIVE_LOG}/"])
        ]
        if self.stack.storage.versions:
            rules.append(rule("old-versions", ["blockBlob", "appendBlob"], {"version": after("creation", days)}))
        storage.ManagementPolicy(
            "ends",
            **account,
            management_policy_name="default",
            policy={"rules": rules},
            opts=pulumi.ResourceOptions(parent=self.account, depends_on=[blobs]),
        )


def after(event: str, days: int) -> dict[str, Any]:
    """Delete so many days after an event."""
    return {"delete": {f"days_after_{event}_greater_than": days}}


def rule(name: str, kinds: list[str], actions: dict[str, Any], prefixes: list[str] | None = None) -> Any:
    """A rule of the account's lifecycle, for blobs of these kinds."""
    filters = {"blob_types": kinds} | ({"prefix_match": prefixes} if prefixes else {})
    return {"name": name, "type": "Lifecycle", "definition": {"filters": filters, "actions": actions}}
