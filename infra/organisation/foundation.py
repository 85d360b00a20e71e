"""What all projects share: the store of states and ledgers, the vault of keys, their log, the registry of models."""

import pulumi
from pulumi import ResourceOptions
from pulumi_azure_native import keyvault, machinelearningservices, monitor, operationalinsights, resources, storage

from . import rights
from .guards import lock
from .names import Names, own_group

KEPT_DAYS = 90
KEPT = ResourceOptions(protect=True, retain_on_delete=True)
"""Not deleted by removing an entry; nor from Azure, once it was let go of on purpose."""


class Foundation(pulumi.ComponentResource):
    """The organisation's own resource group. Nobody gets in with a key, and nothing is deleted by accident."""

    def __init__(self, names: Names, tags: dict[str, str], opts: ResourceOptions) -> None:
        super().__init__("organisation:index:Foundation", "organisation", None, opts)
        self.names, self.tags, self.organisation = names, tags, names.organisation
        self.kept = ResourceOptions.merge(KEPT, ResourceOptions(parent=self))
        self.group = resources.ResourceGroup(
            "organisation",
            resource_group_name=own_group(self.organisation.name),
            location=self.organisation.region,
            tags=tags,
            opts=self.kept,
        )
        self.logs = operationalinsights.Workspace(
            "organisation",
            workspace_name=names.of("log"),
            resource_group_name=self.group.name,
            location=self.organisation.region,
            sku={"name": "PerGB2018"},
            retention_in_days=KEPT_DAYS,
            features={"disable_local_auth": True},
            tags=tags,
            opts=ResourceOptions(parent=self),
        )
        self.store, self.blobs = self._store()
        self.vault = self._vault()
        self.registry = self._registry()
        self.copier = self.registry.identity.apply(lambda identity: identity.principal_id if identity else None)
        self._observed("store", pulumi.Output.concat(self.store.id, "/blobServices/default"), "allLogs")
        self._observed("vault", self.vault.id, "audit")
        self.roles = rights.definitions(self.organisation, ResourceOptions(parent=self))
        self._own_state()
        if self.organisation.locked:
            for name, made in {"store": self.store, "vault": self.vault, "logs": self.logs}.items():
                lock(f"organisation-{name}", made.id, ResourceOptions(parent=self))
        self.register_outputs({})

    def _store(self) -> tuple[storage.StorageAccount, storage.BlobServiceProperties]:
        account = storage.StorageAccount(
            "organisation",
            account_name=self.names.storage,
            resource_group_name=self.group.name,
            location=self.organisation.region,
            kind="StorageV2",
            sku={"name": f"Standard_{self.organisation.redundancy}"},
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            encryption={"key_source": "Microsoft.Storage", "require_infrastructure_encryption": True},
            minimum_tls_version="TLS1_2",
            public_network_access="Enabled",  # hosted CI keeps its state here; identities decide who reads
            tags=self.tags,
            opts=self.kept,
        )
        kept = {"enabled": True, "days": KEPT_DAYS}
        blobs = storage.BlobServiceProperties(
            "organisation",
            account_name=account.name,
            resource_group_name=self.group.name,
            blob_services_name="default",
            is_versioning_enabled=True,
            delete_retention_policy=kept,
            container_delete_retention_policy=kept,
            opts=ResourceOptions(parent=self),
        )
        return account, blobs

    def _vault(self) -> keyvault.Vault:
        return keyvault.Vault(
            "organisation",
            vault_name=self.names.vault,
            resource_group_name=self.group.name,
            location=self.organisation.region,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=self.organisation.tenant,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                enable_purge_protection=True,
                soft_delete_retention_in_days=KEPT_DAYS,
                public_network_access="Enabled",  # as the store
            ),
            tags=self.tags,
            opts=self.kept,
        )

    def _registry(self) -> machinelearningservices.Registry:
        """Through which models go from dev to prod. Azure keeps its parts in a group that it makes itself."""
        region = {
            "location": self.organisation.region,
            "acr_details": [{"system_created_acr_account": {"acr_account_sku": "Premium"}}],
            "storage_account_details": [
                {
                    "system_created_storage_account": {
                        "storage_account_type": "Standard_LRS",
                        "storage_account_hns_enabled": False,
                        "allow_blob_public_access": False,
                    }
                }
            ],
        }
        return machinelearningservices.Registry(
            "organisation",
            registry_name=self.names.registry,
            resource_group_name=self.group.name,
            location=self.organisation.region,
            identity={"type": "SystemAssigned"},
            public_network_access="Enabled",
            region_details=[region],
            tags=self.tags,
            opts=self.kept,
        )

    def _own_state(self) -> None:
        """Where this program keeps its own state, for the group that runs it."""
        container = self.container("organisation", ResourceOptions(parent=self))
        self.key("organisation", ResourceOptions(parent=self), signs=False)
        platform = rights.Principal(self.organisation.groups.platform, "Group")
        for role, scope, why in (
            ("Storage Blob Data Contributor", container.id, "It runs this program, whose state is there."),
            ("Key Vault Crypto Officer", self.vault.id, "It encrypts that state, and makes new versions of keys."),
        ):
            name = f"organisation-platform-{role}"
            rights.grant(name, self.organisation, role, platform, scope, why, None, ResourceOptions(parent=self))

    def _observed(self, name: str, scope: pulumi.Input[str], category_group: str) -> None:
        monitor.DiagnosticSetting(
            f"organisation-{name}",
            name="to-logs",
            resource_uri=scope,
            workspace_id=self.logs.id,
            logs=[{"category_group": category_group, "enabled": True}],
            opts=ResourceOptions(parent=self),
        )

    def container(self, name: str, opts: ResourceOptions) -> storage.BlobContainer:
        """A container in the store; what is in it is versioned and outlives its entry."""
        return storage.BlobContainer(
            name,
            container_name=name,
            account_name=self.store.name,
            resource_group_name=self.group.name,
            public_access=storage.PublicAccess.NONE,
            opts=ResourceOptions.merge(opts, ResourceOptions.merge(KEPT, ResourceOptions(depends_on=[self.blobs]))),
        )

    def key(self, name: str, opts: ResourceOptions, *, signs: bool) -> keyvault.Key:
        """A key that never leaves the vault. Azure neither changes nor deletes one through this interface."""
        properties = (
            keyvault.KeyPropertiesArgs(kty="EC", curve_name="P-256", key_ops=["sign", "verify"])
            if signs
            else keyvault.KeyPropertiesArgs(kty="RSA", key_size=3072, key_ops=["encrypt", "decrypt"])
        )
        return keyvault.Key(
            name,
            key_name=name,
            vault_name=self.vault.name,
            resource_group_name=self.group.name,
            properties=properties,
            opts=ResourceOptions.merge(opts, KEPT),
        )
