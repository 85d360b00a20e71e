"""A group, an identity, a storage account that holds it, and containers, one after another."""

import pulumi
import pulumi_random
from pulumi_azure_native import managedidentity, resources, storage

config = pulumi.Config()
if config.get("stop"):
    raise pulumi.RunError("small: `stop` is set. Remove it: pulumi config rm stop")
suffix = pulumi_random.RandomString("suffix", length=4, special=False, upper=False)
group = resources.ResourceGroup(
    "group",
    resource_group_name="small",
    location=config.get("region"),
    tags={"owner": config.get("owner") or "team", "token": config.get_secret("token") or "none"},
)
person = managedidentity.UserAssignedIdentity(
    "person", resource_name_="small", resource_group_name=group.name, location=group.location
)
store = storage.StorageAccount(
    "store",
    account_name=pulumi.Output.concat("small", suffix.result),
    resource_group_name=group.name,
    kind="StorageV2",
    sku={"name": config.get("sku") or "Standard_LRS"},
    identity={"type": "UserAssigned", "user_assigned_identities": [person.id]},
    allow_shared_key_access=False,
    network_rule_set=storage.NetworkRuleSetArgs(
        default_action=storage.DefaultAction.DENY, ip_rules=[storage.IPRuleArgs(i_p_address_or_range="20.50.1.7")]
    ),
    opts=pulumi.ResourceOptions(protect=config.get_bool("protect")),
)
storage.BlobServiceProperties(
    "blobs",
    account_name=store.name,
    resource_group_name=group.name,
    blob_services_name="default",
    delete_retention_policy={"enabled": True, "days": config.get_int("days") or 7},
)
before: pulumi.Resource = store
for number in range(config.get_int("containers") or 2):
    before = storage.BlobContainer(
        f"container-{number}",
        container_name=f"container-{number}",
        account_name=store.name,
        resource_group_name=group.name,
        opts=pulumi.ResourceOptions(depends_on=[before]),
    )
pulumi.export("store", store.name)
pulumi.export("principal", person.principal_id)
pulumi.export("token", config.get_secret("token"))
pulumi.export("token_is_secret", pulumi.runtime.is_config_secret("small:token"))
